//! The page as one HTML file that needs nothing else: no script, no picture, nothing from elsewhere.

use super::words::{Row, Sheet};

/// On a narrow screen each row is a card; on paper the head stands again on each page.
const STYLE: &str = include_str!("page.css");

/// What stands above the rows.
pub fn head(sheet: &Sheet) -> String {
    let (title, intro) = (escape(&sheet.title), escape(&sheet.intro));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, noarchive\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    let mut put = |text: &str| page.push_str(text);
    if let Some(sample) = &sheet.sample {
        put(&format!("<p class=\"sample\">{}</p>\n", escape(sample)));
        put("<p class=\"mark\" aria-hidden=\"true\">样例</p>\n");
    }
    put(&format!("<h1>{title}</h1>\n<p>{intro}</p>\n<dl>\n"));
    for (label, value) in &sheet.facts {
        put(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(label), escape(value)));
    }
    put("</dl>\n<section aria-labelledby=\"how\">\n<h2 id=\"how\">提出异议</h2>\n<ol>\n");
    for line in &sheet.how_to_object {
        put(&format!("<li>{}</li>\n", escape(line)));
    }
    // A table that is laid out as cards loses what it is to a screen reader, unless the roles say so.
    put("</ol>\n</section>\n<table role=\"table\">\n<caption>公示名单</caption>\n");
    put("<thead role=\"rowgroup\">\n<tr role=\"row\">");
    for (head, _) in sheet.heads() {
        put(&format!("<th role=\"columnheader\" scope=\"col\">{head}</th>"));
    }
    put("</tr>\n</thead>\n<tbody role=\"rowgroup\">\n");
    page
}

/// Some of the rows.
pub fn rows(sheet: &Sheet, rows: &[Row]) -> String {
    let mut page = String::new();
    for row in rows {
        page.push_str("<tr role=\"row\">");
        for ((head, _), cell) in sheet.heads().iter().zip(row.cells(sheet.diseases)) {
            page.push_str(&format!("<td role=\"cell\" data-head=\"{head}\">{}</td>", escape(&cell)));
        }
        page.push_str("</tr>\n");
    }
    page
}

/// What stands below the rows.
pub fn foot(sheet: &Sheet) -> String {
    format!(
        "</tbody>\n</table>\n<footer>\n<p class=\"issuer\">{}<br>{}</p>\n<p class=\"foot\">{}</p>\n</footer>\n\
         </main>\n</body>\n</html>\n",
        escape(&sheet.issuer),
        escape(&sheet.opened_on),
        escape(&sheet.foot)
    )
}

/// Text that can stand in an element and in an attribute.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(diseases: bool) -> Sheet {
        Sheet {
            title: "公示<b>&".to_owned(),
            sample: Some("样例".to_owned()),
            intro: "\"引\"".to_owned(),
            facts: vec![("批次号", "2025-001".to_owned())],
            how_to_object: vec!["须说明理由".to_owned()],
            issuer: "局".to_owned(),
            opened_on: "2025年3月3日".to_owned(),
            diseases,
            foot: "尾".to_owned(),
        }
    }

    fn row(name: &str) -> Row {
        Row {
            number: 1,
            reference: "2025-001-ABCDEF".to_owned(),
            name: name.to_owned(),
            certno: "620902********0011".to_owned(),
            disease: "糖尿病".to_owned(),
        }
    }

    #[test]
    fn nothing_that_is_said_becomes_markup() {
        let sheet = sheet(true);
        let page = head(&sheet) + &rows(&sheet, &[row("<script>alert('x')</script>")]) + &foot(&sheet);
        assert!(page.contains("公示&lt;b&gt;&amp;") && page.contains("&quot;引&quot;"));
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"));
        for none in ["<script", "<b>", "http:", "https:", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(none), "{none}");
        }
        let count = |tag: &str| page.matches(tag).count();
        for tag in ["html", "head", "body", "main", "table", "thead", "tbody", "tr", "td", "th", "section"] {
            let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
            assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
        }
    }

    #[test]
    fn a_disease_has_a_column_only_where_it_is_published() {
        let (with, without) = (sheet(true), sheet(false));
        assert!(rows(&with, &[row("张*")]).contains("糖尿病") && head(&with).contains("病种</th>"));
        assert!(!rows(&without, &[row("张*")]).contains("糖尿病") && !head(&without).contains("病种</th>"));
    }
}
