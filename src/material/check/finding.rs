//! What was found in a file, and how it is told.

use serde::{Deserialize, Serialize};

use super::super::domain::MediaType;
use crate::catalog::files::Outcome;
use crate::kernel::error::{Error, Refusal, Violation};

/// What was found in a file. Stored with it, so names and fields stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Finding {
    /// No content.
    Empty,
    /// More bytes than are taken.
    TooLarge { most: usize },
    /// Neither jpg nor pdf.
    Type,
    /// Not what the uploader says it is.
    TypeDiffers { found: MediaType },
    /// Cut off or damaged.
    Truncated,
    /// Needs a password, or may need one.
    Encrypted,
    /// More pixels than are taken.
    Pixels { width: u32, height: u32 },
    /// Unfolds to more than anyone would read.
    Bomb,
    /// Two files in one.
    Mixed,
    /// Does something when it is opened.
    Active,
    /// Contains other files.
    Attachments,
    /// Shows nothing.
    Blank,
    /// Without a page.
    NoPages,
    /// Pages of a pdf.
    Pages { pages: u32 },
    /// Pages without content.
    BlankPages { blank: u32 },
    /// A part cannot be unpacked.
    Damaged,
    /// Shorter side of a picture.
    Small { short_side_px: u32 },
    /// Sharpness of a picture.
    Sharpness { sharpness: u32 },
    /// The camera noted that it was turned.
    Rotated { degrees: u32 },
    /// Something lies behind the end of the picture.
    Trailing { bytes: u64 },
    /// 电子签章 over the whole file.
    Signed,
    /// A signature that does not cover the file as it is.
    SignedInPart,
    /// 公章, as the uploader says.
    SealStated,
    /// The same content was handed in for somebody else.
    SeenElsewhere,
}

/// A finding and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// What comes of it.
    pub outcome: Outcome,
}

impl Finding {
    /// With what comes of it.
    pub fn told(self, outcome: Outcome) -> Told {
        Told { finding: self, outcome }
    }

    /// In words, with what would help.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Type | Self::TypeDiffers { .. } | Self::Mixed | Self::TooLarge { .. } | Self::Empty => {
                self.whole()
            }
            Self::Encrypted | Self::Active | Self::Attachments | Self::Bomb | Self::Pixels { .. } => {
                self.danger()
            }
            Self::Signed | Self::SignedInPart | Self::SealStated | Self::SeenElsewhere => self.origin(),
            _ => self.legible(),
        }
    }

    fn whole(&self) -> Refusal {
        match self {
            Self::Empty => Refusal::new("MATERIAL_EMPTY", "文件没有内容。", "the file has no content.")
                .help("请重新选择文件上传。", "choose the file again."),
            Self::TooLarge { most } => Refusal::new(
                "MATERIAL_TOO_LARGE",
                format!("文件超过 {most} 字节。"),
                format!("the file has more than {most} bytes."),
            )
            .help("请降低扫描分辨率后重新上传。", "scan it with a lower resolution."),
            Self::TypeDiffers { found } => Refusal::new(
                "MATERIAL_TYPE_DIFFERS",
                format!("文件实际为 {},与所述类型不符。", found.as_str()),
                format!("the content is {}.", found.as_str()),
            )
            .help("请更正文件类型，或留空由系统识别。", "correct media_type, or leave it empty."),
            Self::Mixed => Refusal::new(
                "MATERIAL_MIXED",
                "文件中混有另一种类型的文件。",
                "the file holds a file of another type before its beginning or behind its end.",
            )
            .help("请重新扫描或导出后上传。", "scan or export it again."),
            _ => {
                Refusal::new("MATERIAL_TYPE", "文件须为 jpg 或 pdf。", "the content is neither jpg nor pdf.")
                    .help("请另存为 jpg 或 pdf 后上传。", "save it as jpg or pdf.")
            }
        }
    }

    fn danger(&self) -> Refusal {
        match self {
            Self::Encrypted => Refusal::new("MATERIAL_ENCRYPTED", "pdf 已加密。", "the pdf is encrypted.")
                .help("请去除密码后上传。", "remove its password."),
            Self::Active => Refusal::new(
                "MATERIAL_ACTIVE",
                "pdf 含有脚本、表单提交或启动程序等动作。",
                "the pdf holds scripts or actions that send a form or start a program.",
            )
            .help("请打印为新的 pdf 后上传。", "print it to a new pdf."),
            Self::Attachments => {
                Refusal::new("MATERIAL_ATTACHMENTS", "pdf 内含其他文件。", "the pdf holds other files.")
                    .help("请将附件单独上传。", "upload what is attached by itself.")
            }
            Self::Pixels { width, height } => Refusal::new(
                "MATERIAL_PIXELS",
                format!("图片为 {width}×{height} 像素，超过允许的像素数。"),
                format!("the picture has {width} by {height} pixels: more than are taken."),
            )
            .help("请以 300 dpi 扫描后上传。", "scan it at 300 dpi."),
            _ => Refusal::new(
                "MATERIAL_BOMB",
                "文件解开后过大。",
                "the file unfolds to more than anyone would read.",
            )
            .help("请重新扫描或导出后上传。", "scan or export it again."),
        }
    }

    fn origin(&self) -> Refusal {
        match self {
            Self::Signed => Refusal::new(
                "MATERIAL_SIGNED",
                "含覆盖全文的电子签章（未验证有效性）。",
                "a digital signature is present and covers the whole file; whether it is valid is not checked.",
            ),
            Self::SignedInPart => Refusal::new(
                "MATERIAL_SIGNED_IN_PART",
                "电子签章未覆盖全文，签章后文件可能被修改。",
                "a digital signature is present that does not cover the file as it is.",
            )
            .help("请向出具机构核实。", "ask the issuer."),
            Self::SealStated => Refusal::new(
                "MATERIAL_SEAL_STATED",
                "上传人声明已加盖公章，请评审人核对。",
                "the uploader states that it bears the institution's seal: look for it.",
            ),
            _ => Refusal::new(
                "MATERIAL_SEEN_ELSEWHERE",
                "内容相同的文件曾用于其他人的申请。",
                "the same content was handed in for somebody else.",
            )
            .help("请核对材料上的姓名。", "compare the name on it."),
        }
    }

    fn legible(&self) -> Refusal {
        match self {
            Self::Blank => Refusal::new("MATERIAL_BLANK", "文件为空白页。", "the file shows nothing.")
                .help("请检查扫描面后重新扫描。", "look which side was scanned, and scan it again."),
            Self::NoPages => Refusal::new("MATERIAL_NO_PAGES", "pdf 没有页面。", "the pdf has no page.")
                .help("请重新导出后上传。", "export it again."),
            Self::Pages { pages } => Refusal::new(
                "MATERIAL_PAGES",
                format!("pdf 共 {pages} 页。"),
                format!("the pdf has {pages} pages."),
            )
            .help("请只保留所需页面。", "keep the pages that are needed."),
            Self::BlankPages { blank } => Refusal::new(
                "MATERIAL_BLANK_PAGES",
                format!("pdf 有 {blank} 页空白。"),
                format!("{blank} pages of the pdf are blank."),
            ),
            Self::Damaged => Refusal::new(
                "MATERIAL_DAMAGED",
                "文件有部分内容无法解开，可能显示不全。",
                "a part of the file cannot be unpacked: it may not show whole.",
            )
            .help("请重新导出后上传。", "export it again."),
            Self::Small { short_side_px } => Refusal::new(
                "MATERIAL_SMALL",
                format!("图片短边为 {short_side_px} 像素。"),
                format!("the shorter side of the picture has {short_side_px} pixels."),
            )
            .help("请以 300 dpi 扫描，或靠近拍摄。", "scan it at 300 dpi, or photograph it from nearer."),
            Self::Sharpness { sharpness } => Refusal::new(
                "MATERIAL_SHARPNESS",
                format!("图片清晰度为 {sharpness}。"),
                format!("the sharpness of the picture is {sharpness}."),
            )
            .help("请对焦后重新拍摄，或使用扫描仪。", "photograph it in focus, or scan it."),
            Self::Rotated { degrees } => Refusal::new(
                "MATERIAL_ROTATED",
                format!("相机记录图片须旋转 {degrees} 度。"),
                format!("the camera noted that the picture must be turned by {degrees} degrees."),
            ),
            Self::Trailing { bytes } => Refusal::new(
                "MATERIAL_TRAILING",
                format!("图片之后另有 {bytes} 字节。"),
                format!("{bytes} bytes follow the end of the picture."),
            ),
            _ => {
                Refusal::new("MATERIAL_TRUNCATED", "文件不完整或已损坏。", "the file is cut off or damaged.")
                    .help("请重新扫描或导出后上传。", "scan or export it again.")
            }
        }
    }
}

impl From<Finding> for Violation {
    fn from(finding: Finding) -> Self {
        let field = match finding {
            Finding::TypeDiffers { .. } => "header.media_type",
            _ => "chunk",
        };
        let told = finding.refusal();
        let en = format!("{}: {} {}", told.reason, told.en, told.help_en);
        Self::new(field, format!("{}{}", told.zh, told.help_zh), en.trim_end())
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        Self::Invalid(vec![finding.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_at_the_start_of_the_english_sentence() {
        let told = Violation::from(Finding::TypeDiffers { found: MediaType::Pdf });
        assert_eq!(
            (told.field.as_str(), told.en.split(':').next()),
            ("header.media_type", Some("MATERIAL_TYPE_DIFFERS"))
        );
        assert!(Violation::from(Finding::TooLarge { most: 9 }).en.starts_with("MATERIAL_TOO_LARGE: "));
    }

    #[test]
    fn each_finding_has_words_of_its_own() {
        let all = [
            Finding::Empty,
            Finding::TooLarge { most: 1 },
            Finding::Type,
            Finding::TypeDiffers { found: MediaType::Pdf },
            Finding::Truncated,
            Finding::Encrypted,
            Finding::Pixels { width: 1, height: 1 },
            Finding::Bomb,
            Finding::Mixed,
            Finding::Active,
            Finding::Attachments,
            Finding::Blank,
            Finding::NoPages,
            Finding::Pages { pages: 1 },
            Finding::BlankPages { blank: 1 },
            Finding::Damaged,
            Finding::Small { short_side_px: 1 },
            Finding::Sharpness { sharpness: 1 },
            Finding::Rotated { degrees: 90 },
            Finding::Trailing { bytes: 1 },
            Finding::Signed,
            Finding::SignedInPart,
            Finding::SealStated,
            Finding::SeenElsewhere,
        ];
        let mut reasons: Vec<_> = all.iter().map(|finding| finding.refusal().reason).collect();
        reasons.sort();
        reasons.dedup();
        assert_eq!(reasons.len(), all.len(), "two findings share a reason: {reasons:?}");
        for finding in all {
            let told = finding.clone().told(Outcome::Warn);
            let text = serde_json::to_string(&told).unwrap();
            assert_eq!(serde_json::from_str::<Told>(&text).unwrap(), told, "{text}");
        }
    }
}
