//! Text inside `<title>` and `<textarea>`, which leptos writes into a page unescaped.

/// `text` as it may stand there: with references for what could end the element where a page is rendered, and as
/// it is in the browser, which sets text and parses nothing.
pub fn raw_text(text: &str) -> String {
    if cfg!(feature = "ssr") {
        text.replace('&', "&amp;").replace('<', "&lt;")
    } else {
        text.to_owned()
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_into_a_page_cannot_end_its_element() {
        assert_eq!(raw_text("</title><a> &lt;"), "&lt;/title>&lt;a> &amp;lt;");
    }
}
