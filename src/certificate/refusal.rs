//! What people and programs are told when a certificate is not revoked, issued or printed.

use super::domain::CertificateRefused;
use crate::kernel::error::Refusal;

impl From<CertificateRefused> for Refusal {
    fn from(refused: CertificateRefused) -> Self {
        match refused {
            CertificateRefused::Revoked { replaced } => {
                let refusal =
                    Self::new("CERTIFICATE_REVOKED", "本证明已撤销。", "the certificate is revoked.");
                if replaced {
                    refusal.help(
                        "请使用换发的新证明，见 GetCertificate 的 replaced_by。",
                        "take the one that was issued in its place: GetCertificate names it in replaced_by.",
                    )
                } else {
                    refusal.help(
                        "如需新证明，请由经办机构补发（IssueCertificate）。",
                        "ask the bureau to issue a new one (IssueCertificate).",
                    )
                }
            }
            CertificateRefused::Stands => Self::new(
                "CERTIFICATE_STANDS",
                "该待遇的证明有效，未撤销，不能补发。",
                "the benefit's certificate is not revoked; there is nothing to issue anew.",
            )
            .help(
                "如需更换，请撤销原证明并同时换发（RevokeCertificate）。",
                "to have another one revoke it: RevokeCertificate issues a new one at once.",
            ),
            CertificateRefused::NotRunning => Self::new(
                "BENEFIT_NOT_RUNNING",
                "待遇尚未开始或已终止，不能签发证明。",
                "the benefit has not begun or has ended: no certificate is issued for it.",
            )
            .help(
                "待遇开始之日系统自动签发；终止的待遇不再签发。",
                "one is issued by itself on the benefit's first day; for one that has ended there is none.",
            ),
        }
    }
}
