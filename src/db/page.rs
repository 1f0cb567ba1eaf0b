//! Page tokens: opaque, sealed, and good only for the listing that gave them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::work::View;
use crate::kernel::error::{Error, Result};

/// Which page is asked for.
pub struct Page {
    listing: String,
    /// How many items.
    pub size: usize,
    /// Key of the last item of the page before, as `next` was given it.
    pub after: Option<String>,
}

/// Items of one page and the token of the next.
pub struct Paged<T> {
    /// The items.
    pub items: Vec<T>,
    /// Empty on the last page.
    pub next_page_token: String,
}

impl Page {
    /// Reads what the caller gave. `listing` names what is listed, with parent and filter: a token of another listing
    /// is refused.
    pub fn read(view: &View, listing: String, size: i32, default: usize, token: &str) -> Result<Self> {
        let size = usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(default);
        if token.is_empty() {
            return Ok(Self { listing, size, after: None });
        }
        let sealed = URL_SAFE_NO_PAD.decode(token).ok();
        let key = sealed.and_then(|sealed| view.keys().try_open(&listing, &sealed));
        let after = key.and_then(|key| String::from_utf8(key).ok()).ok_or_else(|| {
            Error::invalid(
                "page_token",
                "page_token 无效：请原样使用上一页返回的 next_page_token，且其他参数不变",
                "is not one that this listing gave: repeat next_page_token as it was, with the other fields unchanged",
            )
        })?;
        Ok(Self { listing, size, after: Some(after) })
    }

    /// How many rows to read: one more than the page shows, to know whether there is a next one.
    pub fn limit(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(0) + 1
    }

    /// The page from rows read with `limit`, and the key of each item.
    pub fn close<T>(self, view: &View, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Result<Paged<T>> {
        if rows.len() <= self.size {
            return Ok(Paged { items: rows, next_page_token: String::new() });
        }
        rows.truncate(self.size);
        let last = rows.last().map(key).ok_or_else(|| Error::internal("an empty page has a next one"))?;
        let sealed = view.keys().seal(view.random(), &self.listing, last.as_bytes())?;
        Ok(Paged { items: rows, next_page_token: URL_SAFE_NO_PAD.encode(sealed) })
    }
}
