//! What the public may see of a name and a number.

/// Surnames of two characters. With one of them, both are kept.
const COMPOUND: [&str; 20] = [
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "宇文", "长孙",
    "夏侯", "轩辕", "端木", "南宫", "独孤", "呼延", "拓跋",
];

/// Keeps the surname and hides each other character: 张*, 欧阳**. A name of one character is hidden whole.
pub fn name(name: &str) -> String {
    let letters = name.chars().count();
    let surname = usize::from(letters > 1)
        + usize::from(letters > 2 && COMPOUND.iter().any(|known| name.starts_with(known)));
    name.chars().enumerate().map(|(index, letter)| if index < surname { letter } else { '*' }).collect()
}

/// Keeps the first 6 and the last 4 characters; a number too short for that is hidden whole.
pub fn certno(number: &str) -> String {
    let letters = number.chars().count();
    let shown = |index| letters > 12 && (index < 6 || index >= letters - 4);
    number.chars().enumerate().map(|(index, letter)| if shown(index) { letter } else { '*' }).collect()
}

/// A text for the log without the numbers of people in resource names: `insured/…/benefits/2`.
pub fn names(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("insured/") {
        let (before, number) = rest.split_at(at + "insured/".len());
        out.push_str(before);
        out.push('…');
        rest = number.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surname_stays() {
        for (full, masked) in [
            ("张三", "张*"),
            ("欧阳娜娜", "欧阳**"),
            ("欧阳", "欧*"),
            ("王小明", "王**"),
            ("李", "*"),
            ("", ""),
        ] {
            assert_eq!(name(full), masked);
        }
    }

    #[test]
    fn a_name_keeps_no_number_in_the_log() {
        assert_eq!(
            names("sealed insured/62090000001/benefits/7: x, insured/2"),
            "sealed insured/…/benefits/7: x, insured/…"
        );
        assert_eq!(names("nothing"), "nothing");
    }

    #[test]
    fn the_middle_of_a_number_goes() {
        assert_eq!(certno("620902196001010011"), "620902********0011");
        assert_eq!(certno("H12345678"), "*********");
    }
}
