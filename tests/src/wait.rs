//! Waiting for something to become true, the only place where a test may let time pass.

use std::time::{Duration, Instant};

/// Asks again and again, and gives the first answer that is there.
///
/// # Panics
///
/// When there is no answer within the time; `what` is what one was waiting for. The time bounds a failure, it is not
/// what the test waits: choose it generously.
#[expect(clippy::disallowed_methods, reason = "the pause between two questions to another process")]
pub fn until<T>(what: &str, within: Duration, mut answer: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = answer() {
            return found;
        }
        assert!(begun.elapsed() < within, "waited {within:?} in vain: {what}");
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// As [`until`], for answers that are futures.
///
/// # Panics
///
/// When there is no answer within the time.
pub async fn eventually<T, F>(what: &str, within: Duration, mut answer: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(found) = answer().await {
            return found;
        }
        assert!(begun.elapsed() < within, "waited {within:?} in vain: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Lets a fault last, such as an outage of so many seconds: the time is what is tested, not a guess at something else.
pub async fn lasts(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_asks_until_there_is_an_answer() {
        let mut asked = 0;
        let third = || {
            asked += 1;
            (asked == 3).then_some(asked)
        };
        assert_eq!(until("the third question", Duration::from_secs(10), third), 3);
    }

    #[tokio::test]
    async fn it_asks_futures_as_well() {
        let mut asked = 0;
        let third = || {
            asked += 1;
            std::future::ready((asked == 3).then_some(asked))
        };
        assert_eq!(eventually("the third question", Duration::from_secs(10), third).await, 3);
    }

    #[test]
    #[should_panic(expected = "in vain: rain")]
    fn it_gives_up_in_words() {
        until("rain", Duration::ZERO, || None::<()>);
    }
}
