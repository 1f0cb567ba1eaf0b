//! Whether the compressed data of a jpg holds all its blocks. A decoder fills with grey what is missing before the end
//! and calls it a picture; counting the blocks tells.

use super::jpeg::next_marker;

/// Bytes that may lie between the last block and the next mark.
const PADDING: usize = 8;

/// What the scans of a jpg hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What they should, as far as it can be counted.
    All,
    /// Less: the end comes before the last block.
    Less,
    /// More: the last block comes before the end. Something in between is missing or damaged.
    More,
}

/// Blocks of 8 by 8 that a component puts into each unit of a scan.
#[derive(Clone, Copy, Default)]
struct Component {
    id: u8,
    across: u32,
    down: u32,
    dc: usize,
    ac: usize,
}

/// A table of codes: how many there are of each length, and what they stand for.
#[derive(Clone, Default)]
struct Codes {
    counts: [u16; 16],
    symbols: Vec<u8>,
}

/// What the segments before a scan say.
#[derive(Default)]
struct Frame {
    width: u32,
    height: u32,
    components: Vec<Component>,
    tables: [[Codes; 4]; 2],
    restart: u32,
}

/// The bits of a scan.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u8,
    left: u32,
    more: bool,
}

/// Whether each scan holds what it should. What is coded in another way than scanners and most cameras do (progressive,
/// arithmetic) is not counted, and passes.
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
            0xC0 | 0xC1 => frame.begin(segment)?,
            0xC2 | 0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => return Some(held),
            0xC4 => frame.codes(segment)?,
            0xDD => frame.restart = u32::from(u16::from_be_bytes(segment.get(..2)?.try_into().ok()?)),
            0xDA => {
                scans += 1;
                let bits = frame.scan(segment, Bits { bytes, at, held: 0, left: 0, more: false })?;
                let (_, after) = next_marker(bytes, bits.at, true)?;
                if bits.more || after - bits.at > PADDING + 2 {
                    held = Held::More;
                }
                at = bits.at;
            }
            _ => {}
        }
    }
}

impl Frame {
    fn begin(&mut self, segment: &[u8]) -> Option<()> {
        let pair = |at: usize| Some(u32::from(u16::from_be_bytes(segment.get(at..at + 2)?.try_into().ok()?)));
        (self.height, self.width) = (pair(1)?, pair(3)?);
        self.components = segment
            .get(6..)?
            .chunks_exact(3)
            .map(|part| Component {
                id: part[0],
                across: u32::from(part[1] >> 4),
                down: u32::from(part[1] & 15),
                ..Component::default()
            })
            .collect();
        let right =
            |component: &Component| (1..=4).contains(&component.across) && (1..=4).contains(&component.down);
        self.components.iter().all(right).then_some(())
    }

    fn codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((head, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_at_checked(16)?;
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let table = self.tables.get_mut(usize::from(head >> 4))?.get_mut(usize::from(head & 15))?;
            table.symbols = symbols.to_vec();
            for (count, stated) in table.counts.iter_mut().zip(counts) {
                *count = u16::from(*stated);
            }
            segment = rest;
        }
        Some(())
    }

    /// Goes through the blocks of a scan; none where they are not all there.
    fn scan<'a>(&self, segment: &[u8], mut bits: Bits<'a>) -> Option<Bits<'a>> {
        let count = usize::from(*segment.first()?);
        let mut inside = Vec::new();
        for part in segment.get(1..1 + 2 * count)?.chunks_exact(2) {
            let found = self.components.iter().find(|component| component.id == part[0])?;
            let (dc, ac) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            inside.push(Component { dc, ac, ..*found });
        }
        let most_across = self.components.iter().map(|component| component.across).max()?;
        let most_down = self.components.iter().map(|component| component.down).max()?;
        let units = match inside.as_mut_slice() {
            [one] => {
                let width = (self.width * one.across).div_ceil(most_across);
                let height = (self.height * one.down).div_ceil(most_down);
                (one.across, one.down) = (1, 1);
                width.div_ceil(8) * height.div_ceil(8)
            }
            _ => self.width.div_ceil(8 * most_across) * self.height.div_ceil(8 * most_down),
        };
        for unit in 0..units {
            if self.restart > 0 && unit > 0 && unit % self.restart == 0 {
                bits.restart()?;
            }
            for component in &inside {
                for _ in 0..component.across * component.down {
                    self.block(component, &mut bits)?;
                }
            }
        }
        Some(bits)
    }

    fn block(&self, component: &Component, bits: &mut Bits<'_>) -> Option<()> {
        let [dc, ac] = [self.tables[0].get(component.dc)?, self.tables[1].get(component.ac)?];
        let size = bits.symbol(dc)?;
        bits.skip(u32::from(size))?;
        let mut filled = 1;
        while filled < 64 {
            let symbol = bits.symbol(ac)?;
            let (zeros, size) = (symbol >> 4, symbol & 15);
            match (zeros, size) {
                (15, 0) => filled += 16,
                (_, 0) => break,
                _ => {
                    filled += u32::from(zeros) + 1;
                    bits.skip(u32::from(size))?;
                }
            }
        }
        Some(())
    }
}

impl Bits<'_> {
    /// The next bit; none at a marker, which ends the data.
    fn bit(&mut self) -> Option<u16> {
        if self.left == 0 {
            self.held = *self.bytes.get(self.at)?;
            self.at += 1;
            if self.held == 0xFF {
                if self.bytes.get(self.at) != Some(&0) {
                    return None;
                }
                self.at += 1;
            }
            self.left = 8;
        }
        self.left -= 1;
        Some(u16::from(self.held >> self.left & 1))
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.bit().map(|_| ()))
    }

    fn symbol(&mut self, codes: &Codes) -> Option<u8> {
        let (mut code, mut first, mut before) = (0_u32, 0_u32, 0_u32);
        for count in codes.counts {
            code |= u32::from(self.bit()?);
            let count = u32::from(count);
            if code < first + count {
                return codes.symbols.get(usize::try_from(before + code - first).ok()?).copied();
            }
            before += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// Passes the mark at which decoding begins anew.
    fn restart(&mut self) -> Option<()> {
        self.left = 0;
        let (marker, after) = next_marker(self.bytes, self.at, true)?;
        self.more |= after - self.at > PADDING + 2;
        self.at = after;
        matches!(marker, 0xD0..=0xD7).then_some(())
    }
}
