//! Refusals in words for people, by their stable codes.

use muster_domain::text::Words;

/// What a page says about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// In a few words.
    pub title: Words,
    /// What happened, what was kept, what to do.
    pub what: Words,
    /// The code has words of its own, so that nothing technical needs to stand beside them.
    pub known: bool,
}

/// The words of a refusal; those that came with it win.
#[must_use]
pub fn said(status: u16, code: &str, words: Option<Words>) -> Said {
    let found = of_code(code).or_else(|| of_access(code)).or_else(|| of_status(status));
    let known = found.is_some() || words.is_some();
    let (title, what) = found.unwrap_or_else(|| {
        (
            Words::new("没有办成", "Not done"),
            Words::new("什么也没有改变；请再试一次。", "Nothing was changed; please try again."),
        )
    });
    Said { title, what: words.unwrap_or(what), known }
}

/// What a form was refused for.
fn of_code(code: &str) -> Option<(Words, Words)> {
    let (title, what) = match code {
        "needs-name" => (
            Words::new("请写姓名", "Your name, please"),
            Words::new(
                "第一次提交要写您的姓名；返回后补上即可。",
                "The first step needs your name; go back and add it.",
            ),
        ),
        "bound-elsewhere" => (
            Words::new("这个链接已在另一台设备上使用", "This link is in use on another device"),
            Words::new(
                "请用原来的设备打开，或呼叫值班席另发链接。",
                "Open it on that device, or call the desk for a new link.",
            ),
        ),
        "seat-gone" => (
            Words::new("不必再去了", "You need not go any more"),
            Words::new("这个席位已结束，没有再记入什么。", "This seat has ended; nothing more was entered."),
        ),
        "invalid-parameter" => (
            Words::new("不认识这个条件", "No such filter"),
            Words::new(
                "地址里的筛选条件写错了；请清除筛选后重来。",
                "A filter in the address is wrong; clear the filters and begin anew.",
            ),
        ),
        "nothing-sent" => (
            Words::new("照片或说明至少要有一样", "A photo or a remark, please"),
            Words::new(
                "什么也没有记入；返回后拍一张或写几句。",
                "Nothing was entered; go back, take a photo or write a few words.",
            ),
        ),
        "needs-reason" => (
            Words::new("请写明理由", "A reason is needed"),
            Words::new("什么也没有改变；返回后写明理由再提交。", "Nothing was changed; go back and give a reason."),
        ),
        "settled" => (
            Words::new("已经处理过了", "Settled already"),
            Words::new("这一条死信已重放或已丢弃。", "This dead letter was taken again or dropped before."),
        ),
        "still-bad" => (
            Words::new("仍然读不懂", "Still cannot be read"),
            Words::new(
                "原因还在，这一条仍留在死信里；修好原因再重放。",
                "The cause is still there and the letter is kept; mend the cause, then replay.",
            ),
        ),
        "no-picture" => (
            Words::new("这不是照片", "That is no picture"),
            Words::new(
                "只收 JPEG、PNG、WebP 照片；返回后另选一张。",
                "Photos are JPEG, PNG or WebP; go back and choose another.",
            ),
        ),
        "too-large" => (
            Words::new("文件太大", "Too large"),
            Words::new(
                "一张照片最多 20 MiB；返回后另选一张。",
                "A photo has at most 20 MiB; go back and choose another.",
            ),
        ),
        _ => return None,
    };
    Some((title, what))
}

/// Who may come in, and what has changed meanwhile.
fn of_access(code: &str) -> Option<(Words, Words)> {
    let (title, what) = match code {
        "not-local" => (
            Words::new("只限本机打开", "This machine only"),
            Words::new(
                "没有设置登录时，只在本机以 localhost 打开。",
                "Without a login it opens on this machine alone, as localhost.",
            ),
        ),
        "no-token" | "not-yours" => (
            Words::new("没有权限", "Not allowed"),
            Words::new(
                "请用有权限的令牌打开，或请管理员添加。",
                "Come with a token that may, or ask the administrator for one.",
            ),
        ),
        "foreign-origin" => (
            Words::new("不是从本系统提交的", "Not sent from our own pages"),
            Words::new(
                "什么也没有改变；请回到值班席再提交。",
                "Nothing was changed; send it from the desk's own page.",
            ),
        ),
        "precondition-failed" => (
            Words::new("案件已有变化", "The case has changed"),
            Words::new(
                "什么也没有改变；返回看最新情况再决定。",
                "Nothing was done; go back, look at it as it is now, and decide.",
            ),
        ),
        _ => return None,
    };
    Some((title, what))
}

fn of_status(status: u16) -> Option<(Words, Words)> {
    let (title, what) = match status {
        404 => (
            Words::new("没有这一页", "No such page"),
            Words::new("地址可能写错了，或它已不在。", "The address may be wrong, or it is gone."),
        ),
        405 => (
            Words::new("这个地址不能这样打开", "This address is not opened that way"),
            Words::new("请回到值班席，从页面上操作。", "Go back to the desk and use the page."),
        ),
        409 => (
            Words::new("现在不能这样做", "Not possible now"),
            Words::new("什么也没有改变；返回看最新情况。", "Nothing was changed; go back and see how it stands."),
        ),
        500 | 503 => (
            Words::new("暂时用不了", "Not available right now"),
            Words::new("什么也没有改变；请稍等再试。", "Nothing was changed; wait a moment and try again."),
        ),
        _ => return None,
    };
    Some((title, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_came_with_a_refusal_win_and_every_status_has_some() {
        let own = Words::new("已结案", "closed");
        assert_eq!(said(409, "case-ended", Some(own.clone())).what, own);
        assert_eq!(said(404, "not-found", None).title.zh, "没有这一页");
        assert!(!said(418, "teapot", None).known && !said(418, "teapot", None).what.en.is_empty());
    }
}
