//! 公示页面: the notice as a page for the bureau's site, as HTML and on paper.

mod html;
mod print;
pub mod render;
mod words;
