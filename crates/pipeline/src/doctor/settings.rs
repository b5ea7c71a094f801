//! Judging what the settings and the files they name say.

use super::codes::Code;
use super::facts::Setup;
use super::finding::{Finding, plain};

pub(super) fn judge(setup: &Setup) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &setup.tokens {
        None => {
            let open = setup.listens.iter().filter(|address| !address.ip().is_loopback());
            findings.extend(Finding::about(Code::ListensWithoutTokens, open.map(|address| plain(address.to_string()))));
        }
        Some(tokens) => {
            let path = tokens.path.display();
            if let Some(trouble) = &tokens.trouble {
                findings.push(Finding::new(Code::TokensUnusable).with(plain(trouble)));
            }
            if tokens.exposed {
                let finding = Finding::new(Code::TokensExposed).with(plain(path.to_string()));
                findings.push(finding.run(format!("chmod o-rwx '{path}'")));
            }
        }
    }
    let unread = setup.rules.as_ref().and_then(|rules| rules.files.as_ref().err());
    findings.extend(unread.map(|trouble| Finding::new(Code::RulesFolderUnreadable).with(plain(trouble))));
    findings
}
