//! Vectors as they are kept. Pure.
//!
//! Only directions count. A figure is kept as a byte, relative to the largest of its vector; its sign alone is the sketch, and
//! the share of bits that two sketches have in common grows with the angle between the vectors getting small.

/// The bytes of a vector: a figure each, from -127 to 127.
pub(super) fn quantised(figures: &[f32]) -> Vec<u8> {
    let largest = figures.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    // The bits of a signed byte; it is read as one again.
    figures.iter().map(|x| ((x * scale).round().clamp(-127.0, 127.0) as i8).cast_unsigned()).collect()
}

/// The signs of a vector's bytes, 64 to a word.
pub(super) fn sketch(bytes: &[u8]) -> Vec<u64> {
    let bit = |(at, byte): (usize, &u8)| u64::from(byte.cast_signed() >= 0) << at;
    bytes.chunks(64).map(|chunk| chunk.iter().enumerate().map(bit).sum()).collect()
}

/// Words that the sketch of so many figures has.
pub(super) const fn sketch_words(figures: usize) -> usize {
    figures.div_ceil(64)
}

/// In how many bits two sketches differ.
pub(super) fn distance(one: &[u64], other: &[u64]) -> u32 {
    one.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// The cosine of the angle between a vector and one that is kept; 0 where they do not compare.
pub(super) fn similarity(figures: &[f32], bytes: &[u8]) -> f32 {
    if figures.len() != bytes.len() {
        return 0.0;
    }
    let (mut product, mut own, mut kept) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (x, byte) in figures.iter().zip(bytes) {
        let y = f32::from(byte.cast_signed());
        product += x * y;
        own += x * x;
        kept += y * y;
    }
    let lengths = (own * kept).sqrt();
    if lengths > 0.0 && lengths.is_finite() { product / lengths } else { 0.0 }
}
