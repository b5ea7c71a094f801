//! The two READMEs say the same: as many headings of each level in the same order, and the same code blocks.

use crate::tree::Tree;
use crate::{here, links, prove};

const ENGLISH: &str = "README.md";
const CHINESE: &str = "README.zh-CN.md";

fn check(tree: &Tree) -> Vec<String> {
    let (english, chinese) = match (tree.text(ENGLISH), tree.text(CHINESE)) {
        (Some(english), Some(chinese)) => (links::read(english), links::read(chinese)),
        (None, None) => return Vec::new(),
        (None, _) => return vec![format!("{ENGLISH} is missing")],
        (_, None) => return vec![format!("{CHINESE} is missing")],
    };
    let mut findings = Vec::new();
    let levels = |page: &links::Pointers| page.headings.iter().map(|(level, _)| *level).collect::<Vec<_>>();
    if levels(&english) != levels(&chinese) {
        findings.push(format!("headings differ: {:?} and {:?}", english.headings, chinese.headings));
    }
    let commands = |page: &links::Pointers| page.block_lines.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
    let (ours, theirs) = (commands(&english), commands(&chinese));
    // a remark behind a command is written in the page's language
    let bare = |line: &String| line.split(" #").next().unwrap_or_default().trim_end().to_owned();
    let remark = |line: &&String| line.trim_start().starts_with('#');
    let ours: Vec<_> = ours.iter().filter(|line| !remark(line)).map(bare).collect();
    let theirs: Vec<_> = theirs.iter().filter(|line| !remark(line)).map(bare).collect();
    if ours != theirs {
        let first = ours.iter().zip(&theirs).find(|(one, other)| one != other);
        findings.push(format!("code blocks differ, first at {first:?}: {} and {} lines", ours.len(), theirs.len()));
    }
    findings
}

#[test]
fn the_two_readmes_say_the_same() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(english: &str, chinese: &str) -> usize {
        check(&Tree::of(&[(ENGLISH, english), (CHINESE, chinese)])).len()
    }

    #[test]
    fn a_heading_or_a_command_that_one_lacks_is_found() {
        assert_eq!(found("# Muster\n## Try\n", "# 点兵\n"), 1);
        assert_eq!(found("# Muster\n```\nmuster demo\n```\n", "# 点兵\n```\nmuster serve\n```\n"), 1);
        assert_eq!(check(&Tree::of(&[(ENGLISH, "# Muster")])).len(), 1);
    }

    #[test]
    fn the_same_in_two_languages_passes() {
        assert_eq!(
            found("# Muster\n```\nmuster demo # try it\n```\n", "# 点兵\n```\nmuster demo   # 试一试\n```\n"),
            0
        );
    }
}
