//! The coded blocks of a jpg's scan, gone through without keeping what they show.

use super::jpeg::next_marker;

/// Bytes that may lie between the last block and the next mark.
const PADDING: usize = 8;
/// Longest value that follows a code, in bits.
const VALUE_MAX: u8 = 15;
/// Most by which eight by eight pixels of eight bits can differ from grey in the mean, as the first value of a block.
const MEAN_MAX: i64 = 1024;

/// A table of codes: how many there are of each length, and what they stand for.
#[derive(Clone, Default)]
pub struct Codes {
    counts: [u16; 16],
    symbols: Vec<u8>,
}

/// What a scan says of each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Everything.
    Whole,
    /// The mean, but for its last bits.
    Mean { shift: u32 },
    /// One more bit of the mean.
    MeanBit,
    /// Some of the other values, but for their last bits.
    Values { from: u32, to: u32 },
    /// One more bit of them.
    ValueBits { from: u32, to: u32 },
}

/// A component within a scan.
pub struct Part<'a> {
    /// Blocks that it puts into each unit.
    pub blocks: u32,
    /// The codes of means.
    pub means: &'a Codes,
    /// The codes of the other values.
    pub values: &'a Codes,
    /// What means are multiplied by; 0 where it is not known.
    pub step: u16,
    /// The mean of the block before.
    pub mean: i64,
    /// Of each block, which of its values are known not to be zero.
    pub known: Vec<u64>,
}

/// The bits of a scan.
pub struct Bits<'a> {
    bytes: &'a [u8],
    /// Where the next byte is.
    pub at: usize,
    held: u8,
    left: u32,
    /// Blocks to come that have nothing more.
    run: u32,
    /// Whether there was something that cannot be, or more than there should be.
    pub odd: bool,
}

impl Codes {
    /// A table and what follows it.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (stated, rest) = bytes.split_at_checked(16)?;
        let (symbols, rest) = rest.split_at_checked(stated.iter().map(|count| usize::from(*count)).sum())?;
        let mut counts = [0; 16];
        for (count, stated) in counts.iter_mut().zip(stated) {
            *count = u16::from(*stated);
        }
        Some((Self { counts, symbols: symbols.to_vec() }, rest))
    }
}

impl Coding {
    /// As a progressive scan says it; none where it cannot be.
    pub fn progressive(segment: &[u8], components: usize) -> Option<Self> {
        let [from, to, bits] = *segment else { return None };
        let (from, to, is_first) = (u32::from(from), u32::from(to), bits >> 4 == 0);
        match (from, is_first) {
            (0, true) if to == 0 => Some(Self::Mean { shift: u32::from(bits & 15) }),
            (0, false) if to == 0 => Some(Self::MeanBit),
            (1.., true) if components == 1 && (from..64).contains(&to) => Some(Self::Values { from, to }),
            (1.., false) if components == 1 && (from..64).contains(&to) => Some(Self::ValueBits { from, to }),
            _ => None,
        }
    }
}

impl Part<'_> {
    /// Goes through one block; none where it is not there or cannot be.
    pub fn block(&mut self, coding: Coding, at: usize, bits: &mut Bits<'_>) -> Option<()> {
        match coding {
            Coding::Whole => {
                self.mean(0, bits)?;
                self.whole(bits)
            }
            Coding::Mean { shift } => self.mean(shift, bits),
            Coding::MeanBit => bits.bit().map(|_| ()),
            Coding::Values { from, to } => self.first(from..=to, at, bits),
            Coding::ValueBits { from, to } => self.more(from..=to, at, bits),
        }
    }

    fn mean(&mut self, shift: u32, bits: &mut Bits<'_>) -> Option<()> {
        let size = bits.symbol(self.means).filter(|size| *size <= VALUE_MAX)?;
        let value = i64::from(bits.value(u32::from(size))?);
        let is_negative = size > 0 && value >> (size - 1) == 0;
        self.mean += if is_negative { value - (1 << size) + 1 } else { value };
        // What is missing before shifts all that follows: sooner or later brighter than white, or darker than black.
        let step = i64::from(self.step);
        bits.odd |= (self.mean << shift).abs() * step > MEAN_MAX + 2 * step;
        Some(())
    }

    fn whole(&self, bits: &mut Bits<'_>) -> Option<()> {
        let mut filled = 1;
        while filled < 64 {
            let symbol = bits.symbol(self.values)?;
            match (u32::from(symbol >> 4), u32::from(symbol & 15)) {
                (15, 0) => filled += 16,
                (_, 0) => break,
                (zeros, size) => {
                    filled += zeros + 1;
                    bits.value(size)?;
                }
            }
        }
        (filled <= 64).then_some(())
    }

    fn first(&mut self, band: std::ops::RangeInclusive<u32>, at: usize, bits: &mut Bits<'_>) -> Option<()> {
        if bits.run > 0 {
            bits.run -= 1;
            return Some(());
        }
        let (mut next, end) = (*band.start(), *band.end() + 1);
        while next < end {
            let symbol = bits.symbol(self.values)?;
            match (u32::from(symbol >> 4), u32::from(symbol & 15)) {
                (15, 0) => next += 16,
                (length, 0) => {
                    bits.run = (1 << length) - 1 + bits.value(length)?;
                    return Some(());
                }
                (zeros, size) => {
                    next += zeros;
                    if next >= end {
                        return None;
                    }
                    bits.value(size)?;
                    *self.known.get_mut(at)? |= 1 << next;
                    next += 1;
                }
            }
        }
        (next <= end).then_some(())
    }

    fn more(&mut self, band: std::ops::RangeInclusive<u32>, at: usize, bits: &mut Bits<'_>) -> Option<()> {
        let known = self.known.get_mut(at)?;
        let (mut next, end) = (*band.start(), *band.end() + 1);
        while bits.run == 0 && next < end {
            let symbol = bits.symbol(self.values)?;
            let (mut zeros, size) = (u32::from(symbol >> 4), symbol & 15);
            match size {
                0 if zeros < 15 => {
                    bits.run = (1 << zeros) + bits.value(zeros)?;
                    break;
                }
                0 => {}
                // Only the sign: the value is one.
                1 => bits.bit().map(|_| ())?,
                _ => return None,
            }
            // Each of those that are known has a bit; those that are not are counted.
            while next < end {
                if *known >> next & 1 == 1 {
                    bits.bit()?;
                } else if zeros == 0 {
                    break;
                } else {
                    zeros -= 1;
                }
                next += 1;
            }
            if size == 1 {
                if next >= end {
                    return None;
                }
                *known |= 1 << next;
            }
            next += 1;
        }
        if bits.run > 0 {
            let rest = (next..end).filter(|place| *known >> place & 1 == 1).count();
            bits.value(u32::try_from(rest).ok()?)?;
            bits.run -= 1;
        }
        Some(())
    }
}

impl<'a> Bits<'a> {
    /// From a position on.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, held: 0, left: 0, run: 0, odd: false }
    }

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

    /// The last 32 of so many bits.
    fn value(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value: u32, _| Some(value << 1 | u32::from(self.bit()?)))
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

    /// Passes the mark at which decoding begins anew: they are counted, from 0 to 7 and round again.
    pub fn restart(&mut self, number: u32) -> Option<()> {
        let at = self.end()?;
        let (marker, after) = next_marker(self.bytes, at, true)?;
        self.at = after;
        (u32::from(marker) == 0xD0 + number % 8).then_some(())
    }

    /// The end of what is coded here. The last byte is filled up with ones, by some with zeros, and so may some bytes
    /// be that follow.
    pub fn end(&mut self) -> Option<usize> {
        let (_, after) = next_marker(self.bytes, self.at, true)?;
        let behind = self.bytes.get(self.at..after - 2)?;
        let ones = (1_u16 << self.left) - 1;
        let last = u16::from(self.held) & ones;
        let is_filled = (last == 0 || last == ones) && behind.iter().all(|byte| matches!(byte, 0 | 0xFF));
        self.odd |= self.run > 0 || !is_filled || behind.len() > PADDING;
        (self.left, self.run) = (0, 0);
        Some(self.at)
    }
}
