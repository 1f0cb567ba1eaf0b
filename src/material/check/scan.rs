//! Whether the compressed data of a jpg holds all its blocks. A decoder fills with grey what is missing before the end
//! and calls it a picture; counting the blocks tells.

use super::blocks::{Bits, Codes, Coding, Part};
use super::jpeg::next_marker;

/// What the scans of a jpg hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What they should, as far as it can be counted.
    All,
    /// Less: the end comes before the last block, or there is what no block can hold.
    Less,
    /// More: the last block comes before the end, or a picture that nobody could have taken. Something in between is
    /// missing or damaged.
    More,
}

/// A component of the picture, in blocks of 8 by 8.
#[derive(Clone, Default)]
struct Component {
    id: u8,
    /// Blocks from left to right and from top to bottom that it puts into each unit of a scan of several.
    across: u32,
    down: u32,
    /// Its table of steps.
    steps: usize,
    /// Of each block, which of its values are known not to be zero. Of progressive pictures only.
    known: Vec<u64>,
}

/// What the segments before a scan say.
#[derive(Default)]
struct Frame {
    width: u32,
    height: u32,
    is_progressive: bool,
    components: Vec<Component>,
    tables: [[Codes; 4]; 2],
    steps: [u16; 4],
    restart: u32,
}

/// Whether each scan holds what it should. What is coded in another way than scanners and cameras do (arithmetic) is not
/// counted, and passes. The size of the picture must have been held against the bounds before.
pub fn held(bytes: &[u8]) -> Held {
    walk(bytes).unwrap_or(Held::Less)
}

fn walk(bytes: &[u8]) -> Option<Held> {
    let mut frame = Frame::default();
    let (mut at, mut scans, mut held) = (2, 0, Held::All);
    loop {
        let (marker, after) = next_marker(bytes, at, scans > 0)?;
        if marker == 0xD9 {
            return Some(if scans > 0 { held } else { Held::Less });
        }
        if matches!(marker, 0x01 | 0xD0..=0xD7) {
            at = after;
            continue;
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(after..after + 2)?.try_into().ok()?));
        let segment = bytes.get(after + 2..after + length)?;
        at = after + length;
        match marker {
            0xC0..=0xC2 => frame.begin(segment, marker == 0xC2)?,
            0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => return Some(held),
            0xC4 => frame.codes(segment)?,
            0xDB => frame.steps(segment)?,
            0xDD => frame.restart = u32::from(u16::from_be_bytes(segment.get(..2)?.try_into().ok()?)),
            0xDA => {
                scans += 1;
                let mut bits = frame.scan(segment, Bits::new(bytes, at))?;
                at = bits.end()?;
                if bits.odd {
                    held = Held::More;
                }
            }
            _ => {}
        }
    }
}

impl Frame {
    fn begin(&mut self, segment: &[u8], is_progressive: bool) -> Option<()> {
        let pair = |at: usize| Some(u32::from(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?)));
        (self.height, self.width, self.is_progressive) = (pair(1)?, pair(3)?, is_progressive);
        self.components = segment
            .get(6..)?
            .chunks_exact(3)
            .map(|part| Component {
                id: part[0],
                across: u32::from(part[1] >> 4),
                down: u32::from(part[1] & 15),
                steps: usize::from(part[2]),
                known: Vec::new(),
            })
            .collect();
        let right =
            |component: &Component| (1..=4).contains(&component.across) && (1..=4).contains(&component.down);
        (self.components.len() <= 4 && self.components.iter().all(right)).then_some(())
    }

    fn codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((head, rest)) = segment.split_first() {
            let table = self.tables.get_mut(usize::from(head >> 4))?.get_mut(usize::from(head & 15))?;
            (*table, segment) = Codes::read(rest)?;
        }
        Some(())
    }

    /// Of each table of steps only the first matters here, that of means.
    fn steps(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((head, rest)) = segment.split_first() {
            let width = if head >> 4 == 0 { 1 } else { 2 };
            let (table, rest) = rest.split_at_checked(64 * width)?;
            let first =
                if width == 1 { u16::from(table[0]) } else { u16::from_be_bytes([table[0], table[1]]) };
            *self.steps.get_mut(usize::from(head & 15))? = first;
            segment = rest;
        }
        Some(())
    }

    /// Goes through the blocks of a scan; none where they are not all there.
    fn scan<'a>(&mut self, segment: &[u8], mut bits: Bits<'a>) -> Option<Bits<'a>> {
        let count = usize::from(*segment.first()?);
        let (stated, how) = segment.get(1..)?.split_at_checked(2 * count)?;
        let coding = if self.is_progressive { Coding::progressive(how, count)? } else { Coding::Whole };
        let inside: Vec<usize> = stated
            .chunks_exact(2)
            .map(|part| self.components.iter().position(|component| component.id == part[0]))
            .collect::<Option<_>>()?;
        let units = self.units(&inside)?;
        let known: Vec<_> = inside.iter().map(|at| std::mem::take(&mut self.components[*at].known)).collect();
        let mut parts = Vec::new();
        for ((at, tables), mut known) in inside.iter().zip(stated.chunks_exact(2)).zip(known) {
            let component = &self.components[*at];
            if matches!(coding, Coding::Values { .. } | Coding::ValueBits { .. }) {
                known.resize(usize::try_from(units).ok()?, 0);
            }
            parts.push(Part {
                blocks: if count == 1 { 1 } else { component.across * component.down },
                means: self.tables[0].get(usize::from(tables[1] >> 4))?,
                values: self.tables[1].get(usize::from(tables[1] & 15))?,
                step: self.steps.get(component.steps).copied().unwrap_or(0),
                mean: 0,
                known,
            });
        }
        self.blocks(coding, units, &mut parts, &mut bits)?;
        let known: Vec<_> = parts.into_iter().map(|part| part.known).collect();
        for (at, known) in inside.into_iter().zip(known) {
            self.components[at].known = known;
        }
        Some(bits)
    }

    /// How many units a scan of some components has.
    fn units(&self, inside: &[usize]) -> Option<u32> {
        let most_across = self.components.iter().map(|component| component.across).max()?;
        let most_down = self.components.iter().map(|component| component.down).max()?;
        match inside {
            [] => None,
            [one] => {
                let one = &self.components[*one];
                let width = (self.width * one.across).div_ceil(most_across);
                let height = (self.height * one.down).div_ceil(most_down);
                Some(width.div_ceil(8) * height.div_ceil(8))
            }
            _ => Some(self.width.div_ceil(8 * most_across) * self.height.div_ceil(8 * most_down)),
        }
    }

    fn blocks(&self, coding: Coding, units: u32, parts: &mut [Part<'_>], bits: &mut Bits<'_>) -> Option<()> {
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.restart(unit / self.restart - 1)?;
                parts.iter_mut().for_each(|part| part.mean = 0);
            }
            let at = usize::try_from(unit).ok()?;
            for part in &mut *parts {
                for _ in 0..part.blocks {
                    part.block(coding, at, bits)?;
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    use super::super::jpeg::tests::page;
    use super::*;

    /// A picture of letters, of one channel or three.
    fn picture(size: (u16, u16), channels: usize, change: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 85);
        change(&mut encoder);
        let colour = if channels == 1 { ColorType::Luma } else { ColorType::Rgb };
        encoder.encode(&page(size.0, size.1, channels, [120, 20, 20]), size.0, size.1, colour).unwrap();
        bytes
    }

    fn begin_of_data(bytes: &[u8]) -> usize {
        bytes.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14
    }

    #[test]
    fn whole_pictures_hold_all_however_they_are_coded() {
        let samplings =
            [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_1_2, SamplingFactor::F_2_2];
        for size in [(8, 8), (65, 33), (17, 130), (240, 200)] {
            for channels in [1, 3] {
                for sampling in samplings {
                    for (is_progressive, restart) in [(false, 0), (false, 3), (true, 0), (true, 3)] {
                        let bytes = picture(size, channels, |encoder| {
                            encoder.set_sampling_factor(sampling);
                            encoder.set_progressive(is_progressive);
                            encoder.set_restart_interval(restart);
                        });
                        let what = format!("{size:?} {channels} {sampling:?} {is_progressive} {restart}");
                        assert_eq!(held(&bytes), Held::All, "{what}");
                    }
                }
            }
        }
    }

    /// How many of the gaps of a length that lie in the data of a picture are noticed, and how many there are.
    fn noticed(whole: &[u8], missing: usize) -> (usize, usize) {
        let places: Vec<_> = (begin_of_data(whole)..whole.len() - missing - 40).step_by(41).collect();
        let seen = places
            .iter()
            .filter(|at| held(&[&whole[..**at], &whole[**at + missing..]].concat()) != Held::All);
        (seen.count(), places.len())
    }

    /// Within one block nothing need tell: a few bytes can be missing there, and it is a block of other pixels. In this
    /// picture many blocks are longer than 16 bytes.
    #[test]
    fn gaps_are_noticed_where_more_is_missing_than_within_a_block() {
        for (is_progressive, missing, least) in
            [(false, 16, 60), (false, 200, 98), (true, 16, 85), (true, 200, 98)]
        {
            let whole = picture((240, 240), 3, |encoder| encoder.set_progressive(is_progressive));
            let (seen, all) = noticed(&whole, missing);
            assert!(seen * 100 >= all * least, "{is_progressive} {missing}: {seen} of {all}");
        }
    }

    #[test]
    fn stretches_between_restarts_come_in_their_order() {
        let whole = picture((240, 240), 3, |encoder| encoder.set_restart_interval(40));
        let marks: Vec<_> = (begin_of_data(&whole)..whole.len() - 1)
            .filter(|at| whole[*at] == 0xFF && (0xD0..=0xD7).contains(&whole[at + 1]))
            .collect();
        let [one, two, three] = [marks[2], marks[3], marks[4]];
        let exchanged = [&whole[..one], &whole[two..three], &whole[one..two], &whole[three..]].concat();
        assert_eq!((held(&whole), held(&exchanged)), (Held::All, Held::Less));
    }

    #[test]
    fn a_mean_that_no_picture_has_is_noticed() {
        let whole = picture((64, 64), 1, |_| {});
        let steps = whole.windows(2).position(|pair| pair == [0xFF, 0xDB]).unwrap() + 5;
        let mut bytes = whole.clone();
        bytes[steps] = 255;
        assert_eq!((held(&whole), held(&bytes)), (Held::All, Held::More));
    }
}
