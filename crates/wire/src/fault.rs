//! Why something was refused, as a fault with a stable name and what it speaks of, so that people read it in their own
//! language long after the sender was answered in English.

use std::collections::BTreeMap;
use std::fmt::Display;

use muster_domain::geo::GeoError;
use muster_domain::id::{IdError, MAX_ID_BYTES};
use serde::{Deserialize, Serialize};

use crate::bounds::MAX_REASON_BYTES;
use crate::error::cut;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:literal $variant:ident $zh:literal $en:literal)+) => {
        /// What can be wrong, finer than a code. A word in braces is replaced by the argument of that name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($(#[$doc])* $variant,)+
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name under which it is kept.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What is said of it in Chinese.
            #[must_use]
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)+ }
            }

            /// What is said of it in English.
            #[must_use]
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)+ }
            }
        }
    };
}

faults! {
    /// A field that must be there.
    "missing" Missing "没有这一项" "is missing"
    /// An id that nobody gave.
    "missing-id" MissingId "没有编号；请给一个在该来源内唯一的编号，或发送 Idempotency-Key"
        "is missing; give one that is unique for the source, or send Idempotency-Key"
    /// A text without characters.
    "empty" Empty "是空的" "is empty"
    /// A member of an object that comes twice.
    "twice" Twice "在同一对象里出现两次" "is there twice in one object"
    /// A header that comes twice.
    "header-twice" HeaderTwice "在消息头里出现两次" "is there twice among the headers"
    /// An id that comes twice.
    "id-twice" IdTwice "在同一列表里出现两次" "is there twice in one list"
    /// Too many bytes for a text.
    "text-too-long" TextTooLong "有 {size} 字节，最多 {most} 字节" "has {size} bytes, at most {most} fit"
    /// Too many items.
    "too-many-items" TooManyItems "有 {count} 项，最多 {most} 项" "has {count} items, at most {most} fit"
    /// Too many items for a batch.
    "batch-too-long" BatchTooLong "多于 {most} 条；请分几批发送" "has more than {most} items; send several batches"
    /// Too many bytes for a batch.
    "batch-too-large" BatchTooLarge "有 {size} 字节，一批最多 {most} 字节"
        "has {size} bytes, a batch has at most {most}"
    /// Too many bytes for a record.
    "record-too-large" RecordTooLarge "有 {size} 字节，一条记录最多 {most} 字节"
        "has {size} bytes, a record has at most {most}"
    /// Too many bytes for an event.
    "event-too-large" EventTooLarge "有 {size} 字节，一个事件最多 {most} 字节"
        "has {size} bytes, one event has at most {most}"
    /// Too many bytes for a record of another system.
    "foreign-too-large" ForeignTooLarge "有 {size} 字节，最多读 {most} 字节" "has {size} bytes, at most {most} are read"
    /// Too deep.
    "too-deep" TooDeep "数组与对象嵌套超过 {most} 层" "lies deeper than {most} arrays and objects"
    /// Not JSON, with the byte where that shows.
    "malformed" Malformed "第 {at} 字节处：{what}" "at byte {at}: {what}"
    /// Not JSON.
    "not-json" NotJson "不是 JSON" "is not JSON"
    /// Cannot be read, for a reason that should not occur.
    "unreadable" Unreadable "读不出来" "cannot be read"
    /// A byte order mark.
    "byte-order-mark" ByteOrderMark "以字节顺序标记开头；JSON 不应有它" "begins with a byte order mark; JSON has none"
    /// A batch that is no array.
    "no-array" NoArray "一批应是 JSON 数组；这里不以“[”开头"
        "a batch is a JSON array; this does not begin with `[`"
    /// Not an object.
    "no-object" NoObject "不是 JSON 对象" "is no JSON object"
    /// Not JSON, with the line and column where that shows.
    "malformed-line" MalformedLine "从第 {line} 行第 {column} 列起不是 JSON" "is no JSON from line {line}, column {column} on"
    /// Not UTF-8, with the byte where that shows.
    "byte-not-utf8" ByteNotUtf8 "第 {at} 字节不是 UTF-8" "byte {at} is not UTF-8"
    /// Not UTF-8.
    "not-utf8" NotUtf8 "不是 UTF-8" "is not UTF-8"
    /// U+0000.
    "null-character" NullCharacter "含有字符 U+0000" "holds the character U+0000"
    /// Another JSON type.
    "other-type" OtherType "是{found}；应为{wanted}" "is {found}; {wanted} was expected"
    /// A word that is none of those known.
    "one-of" OneOf "是{found}；应为 {wanted} 之一" "is {found}; one of {wanted} was expected"
    /// A number that no type of ours holds.
    "number-too-large" NumberTooLarge "数太大，读不出来" "is a number too large to be read"
    /// What a reader of ours says itself.
    "other-value" OtherValue "不是这一项能有的值" "{what}"
    /// A name of a value.
    "bad-name" BadName "有一个名字是空的，或长于 {most} 字节" "has a name that is empty or longer than {most} bytes"
    /// Not a time.
    "no-time" NoTime "不是带时区偏移的 RFC 3339 时间，例如 2026-11-23T08:00:00.250+08:00，年份 0000 至 9999"
        "is not an RFC 3339 time with an offset, such as 2026-11-23T08:00:00.250+08:00, in the years 0000 to 9999"
    /// An id without characters.
    "id-empty" IdEmpty "编号不能是空的" "an id must not be empty"
    /// An id of too many bytes.
    "id-too-long" IdTooLong "编号最多 {most} 字节，这个有 {size} 字节"
        "an id has at most {most} bytes, this one has {size}"
    /// An id that cannot be printed.
    "id-unprintable" IdUnprintable "编号里不能有控制字符，两端不能有空格"
        "an id has no control characters and no space at its ends"
    /// A position outside the earth.
    "no-position" NoPosition "{lon}, {lat} 不是以度为单位的经纬度"
        "{lon}, {lat} is not a longitude and latitude in degrees"
    /// Too few or too many points.
    "points" Points "{shape}要有 {needs} 个点，这里有 {has} 个" "a {shape} needs {needs} points, this one has {has}"
    /// A ring that does not close.
    "ring-open" RingOpen "多边形的环应首尾相接" "a polygon's ring must end where it begins"
    /// Holes.
    "rings" Rings "有 {count} 个环；一片区域只有一个，没有洞" "has {count} rings; an area has one, and no holes"
    /// Not a severity.
    "no-severity" NoSeverity "不在 1（最低）到 5（危及生命）之间"
        "is not between 1 (lowest) and 5 (life at risk)"
    /// Not a share.
    "no-share" NoShare "不在 0 与 1 之间" "is not between 0 and 1"
    /// Not an address of a picture.
    "no-address" NoAddress "不是 http(s) 地址，也不是本机上的路径" "is no http(s) address, nor a path on this server"
    /// Not a hash.
    "no-hash" NoHash "不是 64 位十六进制的 SHA-256" "is no SHA-256 in 64 hexadecimal digits"
    /// Not a path of a backup.
    "no-backup-file" NoBackupFile "不是备份里会有的文件" "is no file that a backup has"
    /// Not a subject.
    "no-subject" NoSubject "不是 place:lane-1 这样的对象" "is no subject such as place:lane-1"
    /// A format of ours that it is not.
    "other-format" OtherFormat "不是 {wanted}" "is not {wanted}"
    /// A type of a record of the observation topic.
    "no-record-type" NoRecordType "不是观测主题里的类型" "is no type of the observation topic"
    /// A type of an event.
    "no-event-type" NoEventType "既不是 muster.observation.v1，也不是 muster.report.v1"
        "is neither muster.observation.v1 nor muster.report.v1"
    /// A version of CloudEvents.
    "other-version" OtherVersion "不是 1.0；这里只读 CloudEvents 1.0"
        "is not 1.0, the only version of CloudEvents that is read here"
    /// Data that is no JSON.
    "data-not-json" DataNotJson "不是 JSON 类型；这里的 data 必须是 JSON"
        "is not a JSON type, and data must be JSON here"
    /// Data as base64.
    "data-base64" DataBase64 "数据是 base64；这里的数据必须是 JSON，请放在 data 里"
        "holds data as base64, but data must be JSON here: send it as `data`"
    /// Not a content type.
    "no-content-type" NoContentType "不是 application/json 这样的内容类型"
        "is no content type such as application/json"
    /// Another charset.
    "other-charset" OtherCharset "字符集不是 UTF-8；请转换后再发" "has a charset other than UTF-8; convert it and send it again"
    /// A format of CloudEvents that is not read.
    "other-event-format" OtherEventFormat "这种格式这里不读；请用 {wanted}" "is a format that is not read here; take {wanted}"
    /// A format that holds several events in one record.
    "one-event-a-record" OneEventARecord "这种格式这里不读；一条记录就是一个事件，请用 {wanted}"
        "is a format that is not read here; one record is one event, so take {wanted}"
    /// Not a CloudEvent over HTTP.
    "no-event" NoEvent "不是 CloudEvent；请用 {wanted} 或 ce- 头" "is not a CloudEvent; take {wanted} or ce- headers"
    /// Not a CloudEvent on a topic.
    "no-event-record" NoEventRecord "不是 CloudEvent；请设 content-type 为 {wanted}，或设 ce_ 头"
        "is not a CloudEvent; set content-type {wanted} or ce_ headers"
    /// A column that no kind can be made of.
    "no-kind" NoKind "没有字母或数字，拼不出类型" "holds no letter or digit that a kind could be made of"
    /// A code that a mapping does not know.
    "not-in-codes" NotInCodes "映射的 codes 里没有它，也没有为其余的写 {rest}"
        "is not in the mapping's codes, and there is no {rest} for the rest"
    /// A longitude without latitude, or the other way round.
    "half-position" HalfPosition "是空的，而{other}不是" "is empty, and {other} is not"
    /// Not a number of degrees.
    "no-degrees" NoDegrees "不是以度为单位的数" "is no number of degrees"
    /// Columns that make too long a text together.
    "joined-too-long" JoinedTooLong "连同前面的内容有 {size} 字节，最多 {most} 字节"
        "makes {size} bytes with what stands before it, at most {most} fit"
    /// A time that is not written as a mapping says.
    "other-time-form" OtherTimeForm "不是按 {form} 写的时间" "is no time in the form {form}"
    /// The thirtieth of February.
    "no-such-time" NoSuchTime "历法里没有这一天或这一刻" "is a day or a time of day that there is not"
    /// A time in the hour that is left out when summer time begins.
    "skipped-time" SkippedTime "当地把钟拨快时跳过了这一刻" "is a time that the clocks there skip"
    /// A year that RFC 3339 cannot write.
    "no-year" NoYear "不在公元 0 年至 9999 年之间" "lies outside the years 0 to 9999"
    /// Nothing of that id.
    "not-in-catalogue" NotInCatalogue "不在目录里" "is not in the catalogue"
    /// No such kind.
    "not-a-kind" NotAKind "不在观测种类登记里" "is not in the registry of kinds"
    /// No such value.
    "not-a-value" NotAValue "不是 {kind} 的数值" "is not a value of {kind}"
    /// A value of another type.
    "value-type" ValueType "应为{wanted}" "must be {wanted}"
    /// A place that the device does not see.
    "not-covered" NotCovered "这台设备看不到那里" "is not covered by that device"
    /// A device that sees nothing.
    "covers-nothing" CoversNothing "在目录里没有对应任何点位" "covers no place in the catalogue"
    /// A name that belongs to others.
    "not-your-source" NotYourSource "不在这份凭据可用的来源名之内" "is not among the source names of this credential"
    /// A record on which the watch broke off: a fault of ours.
    "watch-fault" WatchFault "值守程序处理到它时出错中断，已跳过；程序自己的话是：{what}" "{what}"
    /// A configuration that the store has lost.
    "watch-no-config" WatchNoConfig "它指的是第 {version} 版配置，数据库里没有这一版；请恢复后重放"
        "names configuration version {version}, which is not there; restore it in the store"
    /// A record that the watch has had.
    "watch-order" WatchOrder "它来在第 {after} 条之后，次序乱了；请从检查点之后重读这个分区"
        "came after offset {after}; read the partition from after its checkpoint"
}

/// What arguments say in English, and its Chinese. Whatever is not here stands as it is.
const TERMS: [(&str, &str); 38] = [
    ("an object", "对象"),
    ("an array", "数组"),
    ("a number", "数"),
    ("a whole number", "整数"),
    ("a whole number within range", "范围内的整数"),
    ("a string", "文字"),
    ("a text", "文字"),
    ("a boolean", "布尔值"),
    ("true or false", "true 或 false"),
    ("null", "空值"),
    ("something else", "别的"),
    ("another length", "别的长度"),
    ("a word that is not known", "不认识的词"),
    ("a number, a boolean or a string", "数、布尔值或文字"),
    ("an object of values", "数值的对象"),
    ("a value was expected", "这里应有一个值"),
    ("ends where a value was expected", "应有值的地方已经结束"),
    ("something follows the end of the document", "结束之后还有内容"),
    ("`,` or `}` was expected", "应为“,”或“}”"),
    ("`,` or `]` was expected", "应为“,”或“]”"),
    ("`:` was expected", "应为“:”"),
    ("breaks off", "中途断了"),
    ("a key in double quotes was expected", "应为双引号里的键"),
    ("a string does not end", "文字没有结束"),
    ("a digit was expected", "应为数字"),
    ("four hexadecimal digits were expected", "应为四位十六进制数字"),
    ("a control character must be escaped", "控制字符要转义"),
    ("half of a surrogate pair", "代理对只有一半"),
    ("an unknown escape", "不认识的转义"),
    ("a key cannot be read", "键读不出来"),
    ("a record", "记录"),
    ("2 to 10,000", "2 到 10,000"),
    ("4 to 10,000", "4 到 10,000"),
    ("another type", "别的类型"),
    ("the longitude", "经度"),
    ("the latitude", "纬度"),
    ("line", "折线"),
    ("polygon", "多边形"),
];

/// A fault with what it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong.
    pub fault: Fault,
    /// Values under the names that its words have in braces.
    pub arguments: Vec<(&'static str, String)>,
}

impl Fault {
    /// The fault with what it speaks of.
    #[must_use]
    pub fn with(self, arguments: &[(&'static str, &dyn Display)]) -> Reason {
        let arguments =
            arguments.iter().map(|(name, value)| (*name, cut(value.to_string(), MAX_REASON_BYTES))).collect();
        Reason { fault: self, arguments }
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self { fault, arguments: Vec::new() }
    }
}

impl From<IdError> for Reason {
    fn from(error: IdError) -> Self {
        match error {
            IdError::Empty => Fault::IdEmpty.into(),
            IdError::TooLong(size) => Fault::IdTooLong.with(&[("most", &MAX_ID_BYTES), ("size", &size)]),
            IdError::Unprintable => Fault::IdUnprintable.into(),
        }
    }
}

impl From<GeoError> for Reason {
    fn from(error: GeoError) -> Self {
        match error {
            GeoError::OutOfRange { lon, lat } => Fault::NoPosition.with(&[("lon", &lon), ("lat", &lat)]),
            GeoError::Points { shape, needs, has } => {
                Fault::Points.with(&[("shape", &shape), ("needs", &needs), ("has", &has)])
            }
            GeoError::Open => Fault::RingOpen.into(),
        }
    }
}

impl Reason {
    /// What the sender is answered, at most [`MAX_REASON_BYTES`] long.
    #[must_use]
    pub fn english(&self) -> String {
        let get = |name: &str| self.arguments.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        cut(filled(self.fault.en(), get), MAX_REASON_BYTES)
    }

    /// The same about one field, which is named unless it is the whole.
    #[must_use]
    pub fn about(&self, pointer: &str) -> String {
        let reason = self.english();
        if pointer.is_empty() { reason } else { format!("{pointer}: {reason}") }
    }

    /// The reason about one field, to be kept beside what was refused.
    #[must_use]
    pub fn kept(&self, pointer: &str) -> Kept {
        let arguments = self.arguments.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Kept { pointer: pointer.to_owned(), fault: self.fault.name().to_owned(), arguments }
    }
}

/// A reason as it is kept beside what was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// JSON pointer to what is wrong; empty = the whole.
    pub pointer: String,
    /// The name of the fault.
    pub fault: String,
    /// What it speaks of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
}

impl Kept {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From JSON; `None` if there is none in it.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// In Chinese; `None` if the fault is one of a newer program.
    #[must_use]
    pub fn chinese(&self) -> Option<String> {
        let fault = Fault::ALL.iter().find(|fault| fault.name() == self.fault)?;
        let said = |value| TERMS.iter().find(|(en, _)| *en == value).map_or(value, |(_, zh)| *zh);
        Some(filled(fault.zh(), |name| self.arguments.get(name).map(|value| said(value.as_str()))))
    }
}

/// A text with arguments in place of the names in braces; what has no argument stays.
fn filled<'a>(text: &'a str, get: impl Fn(&str) -> Option<&'a str>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        out.push_str(before);
        match get(name) {
            Some(value) => out.push_str(value),
            None => out.push_str(&rest[before.len()..rest.len() - after.len()]),
        }
        rest = after;
    }
    out.push_str(rest);
    if out.len() > MAX_REASON_BYTES { cut(out, MAX_REASON_BYTES) } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn both_languages_speak_of_the_same_and_names_differ() {
        let all: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        assert_eq!(all.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert!(names(fault.zh()).iter().all(|name| names(fault.en()).contains(name)), "{fault:?}");
            assert!(fault.zh().contains(|c: char| ('一'..='鿿').contains(&c)), "{fault:?}");
        }
    }

    #[test]
    fn what_is_kept_is_read_again_in_chinese() {
        let reason = Fault::OtherType.with(&[("found", &"a number"), ("wanted", &"a string")]);
        assert_eq!(reason.about(""), "is a number; a string was expected");
        assert_eq!(reason.about("/data/device"), "/data/device: is a number; a string was expected");
        let kept = Kept::read(&reason.kept("/data/device").json()).unwrap();
        assert_eq!((kept.pointer.as_str(), kept.chinese().unwrap().as_str()), ("/data/device", "是数；应为文字"));
        let newer = Kept { fault: "of-tomorrow".to_owned(), ..kept };
        assert_eq!(newer.chinese(), None);
        assert_eq!(Kept::read("{"), None);
    }

    #[test]
    fn an_argument_that_looks_like_a_name_is_not_filled_again() {
        let reason = Fault::NotAValue.with(&[("kind", &"{kind}")]);
        assert_eq!(reason.english(), "is not a value of {kind}");
    }

    #[test]
    fn errors_of_the_domain_say_the_same_in_english() {
        let ids = [IdError::Empty, IdError::TooLong(300), IdError::Unprintable];
        let shapes = [
            GeoError::OutOfRange { lon: 200.5, lat: -91.0 },
            GeoError::Points { shape: "line", needs: "2 to 9", has: 1 },
            GeoError::Open,
        ];
        let said = ids.into_iter().map(|error| (error.to_string(), Reason::from(error).english()));
        for (domain, ours) in
            said.chain(shapes.into_iter().map(|error| (error.to_string(), Reason::from(error).english())))
        {
            assert_eq!(domain, ours);
        }
    }
}
