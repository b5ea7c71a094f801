//! What a Markdown document points at: its code spans, its links, and the lines of its code blocks.

/// What was found in a document, each with its line.
#[derive(Debug, Default)]
pub(crate) struct Pointers {
    pub(crate) spans: Vec<(usize, String)>,
    pub(crate) links: Vec<(usize, String)>,
    /// Lines of fenced blocks.
    pub(crate) block_lines: Vec<(usize, String)>,
    /// Headings: level and words.
    pub(crate) headings: Vec<(usize, String)>,
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Pointers {
    let mut pointers = Pointers::default();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            pointers.block_lines.push((number, line.to_owned()));
        } else {
            let level = line.chars().take_while(|letter| *letter == '#').count();
            if level > 0 && line[level..].starts_with(' ') {
                pointers.headings.push((level, line[level..].trim().to_owned()));
            }
            let spans = line.split('`').skip(1).step_by(2);
            pointers.spans.extend(spans.map(|span| (number, span.trim().to_owned())));
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
            let targets = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            pointers.links.extend(targets.map(|target| (number, target.to_owned())));
        }
    }
    pointers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_links_blocks_and_headings_are_told_apart() {
        let pointers =
            read("# Title\nSee `a.rs` and [this](b.md \"title\"), not `[x](c.md)`.\n```sh\n# muster demo\n```\n");
        assert_eq!(pointers.spans, [(2, "a.rs".to_owned()), (2, "[x](c.md)".to_owned())]);
        assert_eq!(pointers.links, [(2, "b.md".to_owned())]);
        assert_eq!(pointers.block_lines, [(4, "# muster demo".to_owned())]);
        assert_eq!(pointers.headings, [(1, "Title".to_owned())]);
    }
}
