//! A decoded picture, reduced to what a look at it needs.

use jpeg_encoder::{ColorType, Encoder};

/// From this difference between its strongest and weakest part on, a pixel has colour.
const CHROMA: u8 = 20;
/// From this difference to the background on, a pixel shows something.
const CONTRAST: u8 = 32;
/// Side of the squares whose sharpness is compared.
const TILE: usize = 32;

/// A picture in red, green and blue, a byte each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels from left to right.
    pub width: usize,
    /// Pixels from top to bottom.
    pub height: usize,
    /// Its pixels, row by row.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Averages the pixels of a large picture, of one or three channels, so that its longer side has at most `side`.
    pub fn reduce(pixels: &[u8], (width, height): (usize, usize), channels: usize, side: usize) -> Self {
        let long = width.max(height);
        let scaled = |length: usize| if long <= side { length } else { (length * side / long).max(1) };
        let (to_width, to_height) = (scaled(width), scaled(height));
        let columns: Vec<usize> = (0..width).map(|x| x * to_width / width * 3).collect();
        let mut rgb = Vec::with_capacity(to_width * to_height * 3);
        let mut sums = vec![0_u32; to_width * 3];
        let mut counts = vec![0_u32; to_width * 3];
        let mut rows = pixels.chunks_exact(width * channels).enumerate().peekable();
        while let Some((y, row)) = rows.next() {
            for (pixel, column) in row.chunks_exact(channels).zip(&columns) {
                for part in 0..3 {
                    sums[column + part] += u32::from(pixel[if channels == 3 { part } else { 0 }]);
                    counts[column + part] += 1;
                }
            }
            let next = rows.peek().map(|(next, _)| next * to_height / height);
            if next != Some(y * to_height / height) {
                rgb.extend(
                    sums.iter()
                        .zip(&counts)
                        .map(|(sum, count)| u8::try_from(sum / (*count).max(1)).unwrap_or(u8::MAX)),
                );
                sums.fill(0);
                counts.fill(0);
            }
        }
        Self { width: to_width, height: to_height, rgb }
    }

    /// Turned as the camera noted, 1 to 8.
    #[must_use]
    pub fn upright(self, orientation: u8) -> Self {
        if orientation <= 1 {
            return self;
        }
        let (width, height) = (self.width, self.height);
        let (to_width, to_height) = if orientation >= 5 { (height, width) } else { (width, height) };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..to_height {
            for x in 0..to_width {
                let (from_x, from_y) = match orientation {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                let at = (from_y * width + from_x) * 3;
                rgb.extend_from_slice(&self.rgb[at..at + 3]);
            }
        }
        Self { width: to_width, height: to_height, rgb }
    }

    /// Share of pixels that have colour, in 1/100 of a percent.
    pub fn colour_bp(&self) -> u32 {
        let coloured = self.rgb.chunks_exact(3).filter(|pixel| {
            let (least, most) = (pixel.iter().min(), pixel.iter().max());
            most.zip(least).is_some_and(|(most, least)| most - least >= CHROMA)
        });
        share_bp(coloured.count(), self.width * self.height)
    }

    /// Share of pixels that differ from the background, in 1/100 of a percent.
    pub fn ink_bp(&self) -> u32 {
        let luma = self.luma();
        let mut sorted = luma.clone();
        let middle = sorted.len() / 2;
        let Some((_, background, _)) = (!sorted.is_empty()).then(|| sorted.select_nth_unstable(middle))
        else {
            return 0;
        };
        let background = *background;
        let inked = luma.iter().filter(|luma| luma.abs_diff(background) >= CONTRAST).count();
        share_bp(inked, luma.len())
    }

    /// Sharpness: the variance of the Laplacian within small squares, that of the square which is sharper than nineteen
    /// in twenty. What is blurred has no square that is sharp; what is mostly empty has some.
    pub fn sharpness(&self) -> u32 {
        let luma = self.luma();
        let mut tiles: Vec<u32> = Vec::new();
        for top in (1..self.height.saturating_sub(1)).step_by(TILE) {
            for left in (1..self.width.saturating_sub(1)).step_by(TILE) {
                tiles.push(self.tile(&luma, left, top));
            }
        }
        tiles.sort_unstable();
        tiles.get(tiles.len() * 19 / 20).copied().unwrap_or(0)
    }

    fn tile(&self, luma: &[u8], left: usize, top: usize) -> u32 {
        let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
        for y in top..(top + TILE).min(self.height - 1) {
            for x in left..(left + TILE).min(self.width - 1) {
                let at = y * self.width + x;
                let near = [at - self.width, at + self.width, at - 1, at + 1];
                let near: i64 = near.iter().map(|at| i64::from(luma[*at])).sum();
                let laplacian = 4 * i64::from(luma[at]) - near;
                sum += laplacian;
                squares += laplacian * laplacian;
                count += 1;
            }
        }
        if count == 0 {
            return 0;
        }
        u32::try_from((squares - sum * sum / count) / count).unwrap_or(0)
    }

    fn luma(&self) -> Vec<u8> {
        let weigh = |pixel: &[u8]| {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            u8::try_from((77 * red + 150 * green + 29 * blue) >> 8).unwrap_or(u8::MAX)
        };
        self.rgb.chunks_exact(3).map(weigh).collect()
    }

    /// As jpg of a quality up to 100, with nothing in it but the pixels.
    pub fn encode(&self, quality: u8) -> Option<Vec<u8>> {
        let (width, height) = (u16::try_from(self.width).ok()?, u16::try_from(self.height).ok()?);
        let mut jpg = Vec::new();
        Encoder::new(&mut jpg, quality).encode(&self.rgb, width, height, ColorType::Rgb).ok()?;
        Some(jpg)
    }
}

fn share_bp(part: usize, whole: usize) -> u32 {
    u32::try_from(part * 10_000 / whole.max(1)).unwrap_or(10_000)
}
