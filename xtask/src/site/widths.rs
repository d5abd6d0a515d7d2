//! psql's widths of characters for xterm.js: the terminal's own table as a JavaScript module.

use super::assets::Asset;

/// The module `@postern/widths`: two flat arrays of ranges, first and last inclusive, in order.
pub(super) fn module() -> Asset {
    let text = format!(
        "// Code points that take no column and two columns, as psql counts: first, last, first, last, …\n\
         export const ZERO = [{}];\nexport const TWO = [{}];\n",
        flat(terminal::zero_width_ranges()),
        flat(terminal::wide_ranges())
    );

    Asset {
        name: "xterm/widths.mjs".to_owned(),
        bytes: text.into_bytes(),
    }
}

fn flat(ranges: &[(u32, u32)]) -> String {
    let numbers: Vec<String> = ranges
        .iter()
        .flat_map(|(first, last)| [first.to_string(), last.to_string()])
        .collect();

    numbers.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_holds_the_ranges_one_after_the_other() {
        assert_eq!(flat(&[(0x300, 0x36F), (5, 5)]), "768,879,5,5");

        let text = String::from_utf8(module().bytes).unwrap();
        assert!(text.contains("export const ZERO = [768,879,"), "{text}");
    }
}
