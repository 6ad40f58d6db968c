//! A QR code as a PNG picture (RFC 2083): shades of grey, uncompressed.

use qrcode::{Color, EcLevel, QrCode};

/// The picture of a text, 200 dots wide or a few more; none if the text is too long for a QR code.
pub(super) fn png(text: &str) -> Option<Vec<u8>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, modules) = (code.width(), code.to_colors());
    // Smaller than three dots are lost in cameras.
    let scale = (SIDE / (width + 2 * MARGIN)).max(3);
    let side = SIDE.max((width + 2 * MARGIN) * scale);
    let start = (side - width * scale) / 2;
    let module = |place: usize| place.checked_sub(start).map(|inside| inside / scale).filter(|place| *place < width);
    let is_dark = |row, column| match (module(row), module(column)) {
        (Some(row), Some(column)) => modules[row * width + column] == Color::Dark,
        _ => false,
    };
    let mut lines = Vec::with_capacity(side * (side + 1));
    for row in 0..side {
        // Each line is as it is, not the difference to another.
        lines.push(0);
        lines.extend((0..side).map(|column| if is_dark(row, column) { 0 } else { 255 }));
    }
    let side = u32::try_from(side).expect("a QR code is not that large");
    // Eight bits of grey, one method of compression, of filters, and no interlacing.
    let header = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, contents) in [(b"IHDR", header), (b"IDAT", stored(&lines)), (b"IEND", Vec::new())] {
        let len = u32::try_from(contents.len()).expect("a QR code is not that large");
        picture.extend_from_slice(&len.to_be_bytes());
        let chunk = [&kind[..], &contents].concat();
        picture.extend_from_slice(&chunk);
        picture.extend_from_slice(&crc32(&chunk).to_be_bytes());
    }
    Some(picture)
}

/// A zlib stream (RFC 1950) that only stores (RFC 1951 §3.2.4).
fn stored(octets: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = octets.chunks(0xffff).count();
    for (number, block) in octets.chunks(0xffff).enumerate() {
        let len = u16::try_from(block.len()).expect("a block is at most that long");
        stream.push(u8::from(number + 1 == blocks));
        stream.extend_from_slice(&len.to_le_bytes());
        stream.extend_from_slice(&(!len).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (one, two) = octets.iter().fold((1_u32, 0_u32), |(one, two), octet| {
        let one = (one + u32::from(*octet)) % 65_521;
        (one, (two + one) % 65_521)
    });
    stream.extend_from_slice(&(two << 16 | one).to_be_bytes());
    stream
}

fn crc32(octets: &[u8]) -> u32 {
    let crc = octets.iter().fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    });
    !crc
}

/// Dots on a side.
const SIDE: usize = 200;
/// Light modules around the code, as the standard has it.
const MARGIN: usize = 4;
