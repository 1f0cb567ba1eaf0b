//! 居民身份证 (GB 11643-1999): what an 18-character number must satisfy.

use time::Date;

use super::calendar::parse_date;

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not 17 digits and a digit or X.
    Form,
    /// The last character does not agree with the others.
    CheckDigit,
    /// No such day, or in the future.
    BirthDate,
    /// The birth date differs from the one stated.
    OtherBirthDate,
    /// The sex differs from the one stated.
    OtherSex,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Checks a number against what is said of the person. Any province, abolished areas too.
pub fn check(certno: &str, born: Date, male: bool, today: Date) -> Result<(), Fault> {
    let letters = certno.as_bytes();
    if letters.len() != 18 || !letters[..17].iter().all(u8::is_ascii_digit) {
        return Err(Fault::Form);
    }
    if letters[17] != check_digit(&certno[..17]) {
        return Err(Fault::CheckDigit);
    }
    let date = format!("{}-{}-{}", &certno[6..10], &certno[10..12], &certno[12..14]);
    match parse_date(&date) {
        Some(date) if date > today => return Err(Fault::BirthDate),
        Some(date) if date != born => return Err(Fault::OtherBirthDate),
        None => return Err(Fault::BirthDate),
        Some(_) => {}
    }
    let odd = (letters[16] - b'0') % 2 == 1;
    if odd == male { Ok(()) } else { Err(Fault::OtherSex) }
}

/// The last character for the 17 digits before it.
pub fn check_digit(digits: &str) -> u8 {
    let sum: u32 =
        digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    b"10X98765432"[usize::try_from(sum % 11).unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn synthetic_numbers_pass() {
        let today = date!(2025 - 01 - 01);
        for (certno, born, male) in [
            ("620902196001010011", date!(1960 - 01 - 01), true),
            ("620982197512310020", date!(1975 - 12 - 31), false),
            ("620921198802290031", date!(1988 - 02 - 29), true),
            ("620902202402290040", date!(2024 - 02 - 29), false),
        ] {
            assert_eq!(check(certno, born, male, today), Ok(()), "{certno}");
        }
    }

    #[test]
    fn each_fault_is_told_apart() {
        let (born, today) = (date!(1960 - 01 - 01), date!(2025 - 01 - 01));
        for (certno, fault) in [
            ("620902600101001", Fault::Form),
            ("62090219600101001A", Fault::CheckDigit),
            ("620902196001010012", Fault::CheckDigit),
            ("62090219600101001", Fault::Form),
        ] {
            assert_eq!(check(certno, born, true, today), Err(fault), "{certno}");
        }
        assert_eq!(check("620902196001010011", born, false, today), Err(Fault::OtherSex));
        assert_eq!(
            check("620902196001010011", date!(1960 - 01 - 02), true, today),
            Err(Fault::OtherBirthDate)
        );
        assert_eq!(
            check("620902202402290040", date!(2024 - 02 - 29), false, date!(2020 - 01 - 01)),
            Err(Fault::BirthDate)
        );
    }
}
