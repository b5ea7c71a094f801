//! Every fixed text of the screens, in Chinese and English: both written for their reader, neither derived.

use muster_domain::text::Words;

/// A language of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// 中文.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language of a cookie or query value.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The name in cookies and queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The value of the `lang` attribute (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The text of this language.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

macro_rules! texts {
    ($($key:ident $zh:literal $en:literal)+) => {
        /// A fixed text of the screens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is its own text")]
        pub enum Text {
            $($key,)+
        }

        impl Text {
            /// Every text.
            pub const ALL: &[Self] = &[$(Self::$key,)+];

            /// The text in a language.
            #[must_use]
            pub const fn say(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$key, Lang::Zh) => $zh, (Self::$key, Lang::En) => $en,)+
                }
            }
        }
    };
}

texts! {
    // The frame of every page.
    Brand "点兵" "Muster"
    Board "值班席" "Duty desk"
    Cases "案件" "Cases"
    Conditions "状况" "Conditions"
    DeadLetters "死信" "Dead letters"
    Pages "页面" "Pages"
    SkipToMain "跳到正文" "Skip to content"
    Illustrative "示意数据" "Illustrative"
    OtherLanguage "English" "中文"
    ThemeDark "深色" "Dark"
    ThemeLight "浅色" "Light"
    Live "实时" "Live"
    LiveCut "连接中断，画面停在" "Cut off; this is as of"
    LiveOff "不自动更新" "Not updating"
    Mute "提示音" "Sound"
    MuteOn "静音中" "Muted"
    KeysTitle "按键" "Keys"
    Close "关闭" "Close"
    Search "查找" "Search"
    SearchHint "编号、地点、文字" "Number, place, words"
    Apply "筛选" "Filter"
    ResetFilter "清除筛选" "Clear"
    All "全部" "All"
    More "下一页" "Next page"
    Back "返回" "Back"
    Undo "撤回" "Undo"
    Sent "已提交" "Done"

    // The counts of the header.
    CountWaiting "待决" "to decide"
    CountLate "已超时" "overdue"
    CountSoon "将超时" "due soon"
    CountBlind "失明" "blind"
    CountWorking "处置中" "in hand"

    // The queue.
    Queue "待办" "Queue"
    QueueWaiting "待你决定" "Waiting for you"
    QueueWorking "正在处置" "In hand"
    QueueBlind "失明、未服务" "Blind, not served"
    QueueEmpty "现在没有要你决定的事。" "Nothing needs you right now."
    QueueEmptyWhy "点位都看得见，未结案件都有人在办。" "Places are seen, and every open case has somebody on it."
    QueueMore "这里只列最急的；全部在案件页" "Only the most pressing are here; all are on the page Cases"
    QueueEmptyBlind "未结案件都有人在办；但有点位看不见，见下。" "Every open case has somebody on it; but some places cannot be seen, see below."

    // Why a case waits for a person.
    NeedCheck "看不见现场，请人工核查" "Cannot be seen: check by person"
    NeedRoute "无人可派，请电话协调" "Nobody to send: telephone"
    NeedFallback "已转综合协调岗，请协调" "With the coordination post"
    NeedLate "已超时，请电话催办" "Overdue: telephone"
    NeedLook "新案，请确认" "New: take note"
    NeedLocate "地点不明，请问清并备注" "Where is it? Find out, note it"

    // The map.
    Map "街道示意图" "Schematic street map"
    Legend "图例" "Legend"
    LastHour "近 60 分钟" "Last 60 minutes"
    HourOpened "立案" "filed"
    HourEnded "结案" "closed"
    HourBlind "失明" "blind"
    HourNow "现在" "now"
    HourNone "近 60 分钟没有立案，也没有失明。" "Nothing was filed and nothing was blind in the last 60 minutes."

    // States of a condition.
    StateUnknown "未知" "Unknown"
    StateClear "正常" "Clear"
    StateSuspected "疑似" "Suspected"
    StatePresent "存在" "Present"
    StateEasing "好转" "Easing"
    StateBlind "失明" "Blind"
    StateReported "上报" "Reported"
    StateUnserved "未服务" "Not served"

    // States of a case.
    CaseFiled "已立案" "Filed"
    CaseDispatched "已派遣" "Dispatched"
    CaseAccepted "已接单" "Accepted"
    CaseOnScene "已到场" "On scene"
    CaseHandled "已处置" "Handled"
    CasePostChecked "已核查" "Checked"
    CaseClosed "已结案" "Closed"
    CaseVoid "已作废" "Void"

    // Outcomes.
    OutcomeDrivenOff "驱离" "Driven off"
    OutcomeCleared "自行恢复" "Cleared by itself"
    OutcomeHandled "处置完成" "Handled"
    OutcomeFalse "误报" "False alarm"
    OutcomeDuplicate "重复" "Duplicate"
    OutcomeNotOurs "非我管辖" "Not ours"
    OutcomeVoid "作废" "Void"

    // Seats.
    Lead "主办" "Lead"
    Assist "协办" "Assist"
    SeatWanted "待派" "Wanted"
    SeatAsked "已通知" "Asked"
    SeatAccepted "已接单" "Accepted"
    SeatOnScene "已到场" "On scene"
    SeatDone "已办结" "Done"
    SeatReturned "已退回" "Returned"
    SeatNone "无人" "Nobody"

    // Clocks.
    ClockAccept "接单" "Accept"
    ClockArrive "到场" "Arrive"
    ClockClose "办结" "Close"
    ClockPostCheck "核查" "Check"

    // The case.
    CasePane "选中的案件" "Selected case"
    NoCaseChosen "没有选中的案件" "No case selected"
    NoCaseChosenWhy "在左边选一件，或按 j。" "Pick one on the left, or press j."
    Why "为什么" "Why"
    WhyClause "条件" "Clause"
    WhySeen "所见" "Seen"
    WhySource "来源" "Source"
    Clocks "时限" "Clocks"
    Seats "席位" "Seats"
    SeatsNone "还没有请任何单位。" "No unit has been asked yet."
    SeatsPast "先前的席位" "Earlier seats"
    Timeline "经过" "What happened"
    Journal "案件变更" "Journal"
    Next "接下来" "Next"
    Photos "佐证" "Evidence"
    Attachments "上报附件" "Attachments of the report"
    PhotoOpen "查看（记入调阅台账）" "View (entered in the viewing ledger)"
    MaybeSame "可能是同一件" "Possibly the same"
    RuleLabel "规则" "Rule"
    LastKnown "此前" "before:"
    Printed "截至" "As of"
    MapUnnamed "图上没写下名字的" "Not named on the map"
    OpenCase "打开案件页" "Open case page"
    By "由" "by"
    Late "补报" "late"
    CallUnit "电话" "Call"
    Nowhere "地点不明" "Place unknown"
    Version "版本" "Version"

    // Decisions.
    Decisions "决定" "Decisions"
    DoAcknowledge "确认" "Take note"
    DoRedispatch "改派" "Send another"
    DoPostOk "核查通过" "Checked: well"
    DoPostBad "仍未消除" "Checked: not yet"
    DoReal "属实" "Real"
    DoFalse "误报" "False alarm"
    DoDuplicate "重复" "Duplicate"
    DoNotOurs "非我管辖" "Not ours"
    DoVerdict "定性" "Say what it was"
    DoVoid "作废" "Void"
    DoReopen "重新打开" "Reopen"
    DoNote "备注" "Note"
    DoMore "更多" "More"
    Reason "理由" "Reason"
    ReasonOptional "理由（可不写）" "Reason (optional)"
    Confirm "提交" "Submit"
    Refused "没有办成" "Not done"
    SendLost "没有送到：连接中断。什么也没有改变，接通后请再按一次" "Not sent: the line is down. Nothing was changed; press again once it is back"

    // Presets of reasons.
    WhyBusy "人手不足" "No crew free"
    WhyFar "距离太远" "Too far away"
    WhyNotOurJob "不在职责内" "Not our competence"
    WhyNoAnswer "电话无人接" "Nobody answers the phone"
    WhyDrill "演练" "Drill"
    WhyPermit "已获许可" "Has a permit"
    WhyMistaken "立案有误" "Filed by mistake"
    WhyStillThere "现场仍未恢复" "Still so on the spot"

    // The list of cases.
    CasesTitle "案件" "Cases"
    CasesNone "没有符合条件的案件。" "No case matches."
    CasesNoneWhy "换个条件，或清除筛选。" "Change the filter, or clear it."
    FilterState "状态" "State"
    FilterKind "类别" "Kind"
    FilterLive "未结" "Open"
    FilterOverdue "已超时" "Overdue"
    FilterRule "规则" "Rule"
    FilterPlace "点位" "Place"
    FilterUnit "单位" "Unit"
    FilterGrid "网格" "Grid"
    ColNumber "编号" "Number"
    ColWhat "事件" "What"
    ColState "状态" "State"
    ColLeft "剩余" "Left"
    ColLead "主办" "Lead"
    ColFiled "立案" "Filed"

    // Conditions.
    ConditionsNone "没有符合条件的状况。" "No condition matches."
    BlindFirst "看不见的点位" "Places that cannot be seen"
    BlindNone "所有点位都看得见。" "Every place is seen."
    BlindNoneHere "符合条件的点位都看得见。" "Every place that matches is seen."
    BlindNever "从未有过消息" "never heard from"
    ColPlace "点位" "Place"
    ColRule "规则" "Rule"
    ColHold "持续" "Hold"
    ColSince "自" "Since"
    ColWhy "为什么" "Why"
    ColSources "来源与原因" "Sources and why"
    CauseSilent "没有消息" "nothing heard from it"
    CauseOffline "自报离线" "says it is offline"
    CauseStale "自报画面停滞" "says its picture stands still"
    CauseDark "自报画面太暗" "says its view is too dark"
    CauseOccluded "自报画面被遮挡" "says its view is covered"
    CauseUnknown "原因没有记下" "cause not written down"
    CauseNoSource "没有设备能看到这里" "no device covers it"
    Unserved "未服务的接入" "Intake that serves nobody"
    UnservedNone "所有接入都在服务。" "Every intake is at work."
    UnservedNoneHere "符合条件的里没有未服务的接入。" "No intake that matches is unserved."
    UnservedWhat "由它们而来的消息眼下进不来；其来源的沉默不算点位失明。" "Nothing comes in by these; that their sources are silent does not count as places gone blind."
    ColAdapter "接入" "Intake"
    ColCause "原因" "Cause"
    CauseNoBeat "没有心跳：承担 admit 的进程没有运行、卡住，或写不进日志" "no sign of life: the process with the role admit does not run, hangs, or cannot write the log"
    ToSystem "看系统页" "See the system page"

    // Dead letters.
    DeadNone "没有死信。" "No dead letters."
    DeadNoneWhy "收到的都读懂了。" "Everything that came in could be read."
    DeadNoneHere "这个原因的已经没有了。" "None of this reason any more."
    DeadOpen "条还没有处理" "not dealt with"
    DeadOldest "最早的" "the oldest"
    DeadReason "原因" "Reason"
    DeadBytes "原文" "As received"
    DeadWhere "位置" "Where"
    DeadWhen "时间" "When"
    DeadSource "来源" "Source"
    DeadReplay "重放" "Replay"
    DeadReplayAll "这个原因的全部重放" "Replay all of this reason"
    DeadMend "改后重放" "Mend and replay"
    DeadElsewhere "改这一条，请用" "To mend this one, use"
    DeadDrop "丢弃" "Drop"
    DeadHidden "原文可能含人脸，只留哈希。" "May carry faces: only its hash is kept."
    DeadVault "个人信息在保险库，此处不显示。" "Personal data is in the vault and not shown here."
    DeadTruncated "只显示前一部分" "Only the beginning is shown"

    // The field page.
    FieldAccept "接单" "Accept"
    FieldArrive "到场" "Arrive"
    FieldDone "办结" "Done"
    FieldDoAccept "我接单" "I accept"
    FieldDoArrive "我到了" "I am here"
    FieldDoDone "办完了" "It is done"
    FieldReturn "退回" "Give back"
    FieldReturnWhy "为什么退回" "Why give it back"
    FieldName "您的姓名" "Your name"
    FieldNameWhy "第一次提交后，这个链接只在本机有效。" "After your first step the link works on this device only."
    FieldPhoto "拍照" "Take a photo"
    FieldPhotoDone "办结照片" "Photo of the result"
    FieldPhotoMore "再拍一张" "One more photo"
    FieldNote "说明（可不写）" "Remark (optional)"
    FieldNoteMore "补充说明" "One more remark"
    FieldWith "一起去的" "Also going"
    FieldAlone "只有你们一家" "Nobody else"
    FieldDesk "呼叫值班席" "Call the desk"
    FieldGo "导航" "Directions"
    FieldWithin "最晚" "By"
    FieldLeftAccept "内接单" "left to accept"
    FieldLeftArrive "内到场" "left to arrive"
    FieldLeftClose "内办结" "left to finish"
    FieldOver "这一步已超时，请尽快。" "This step is overdue, please hurry."
    FieldThanks "已办结，谢谢。" "Done, thank you."
    FieldThanksWhy "画面或值班员确认恢复后自动结案；可以继续补照片和说明。" "The case closes once the place is seen well; you can still add photos and remarks."
    FieldReleased "不必再去了。" "You need not go any more."
    FieldReleasedWhy "这个席位已结束，仍可以补充照片和说明。" "This seat has ended; photos and remarks are still welcome."
    FieldGone "链接无效或已过期。" "This link is not valid any more."
    FieldGoneWhy "请呼叫值班席另发链接。" "Call the desk for a new link."
    FieldOffline "未送出，已存在本机，有信号时自动发送" "Not sent yet; kept on this device and sent when there is signal"
    FieldQueued "待发送" "waiting"
    FieldStale "连不上，本页停在" "Out of reach; this page is of"
    FieldSaysPhoto "照片" "photo"
    FieldSaysNote "说明" "remark"
    FieldWhere "位置" "Where"
    FieldRefused "没有送成，请看原因" "Not taken; see why"

    // The system page.
    System "系统" "System"
    SystemAsOf "截至" "as of"
    SystemWell "没有发现问题。" "Nothing is wrong."
    SystemFindings "发现的问题" "What is wrong"
    SystemExamined "上次体检" "Last examined"
    SystemUnexamined "还没有体检过" "Not examined yet"
    SystemMore "每几分钟自动体检一次；要马上体检，运行 muster doctor。" "Examined every few minutes by itself; for one at once, run muster doctor."
    SystemProblem "问题" "Problem"
    SystemWarning "警告" "Warning"
    SystemNote "提示" "Note"
    SystemNext "接下来" "Next"
    SystemAndMore "另有" "and more:"
    SystemUnknown "数据库没有应答，下面的都不知道。" "The database does not answer: the rest is not known."
    SystemPartitions "分区" "Partitions"
    SystemPartition "分区" "Partition"
    SystemHolder "持有者" "Held by"
    SystemNobody "无人" "Nobody"
    SystemEpoch "任期" "Epoch"
    SystemCommitted "已提交" "Committed"
    SystemLag "落后" "Behind"
    SystemRecords "条" "records"
    SystemCheckpoint "检查点" "Checkpoint"
    SystemNever "从未" "never"
    SystemLeases "独占的工作" "Work of one process at a time"
    SystemWork "工作" "Work"
    SystemDestinations "待发箱去处" "Destinations of the outbox"
    SystemDestination "去处" "Destination"
    SystemCursor "已送到" "Has had"
    SystemMoved "上次送出" "Last had"
    SystemFails "失败次数" "Failures"
    SystemSays "它说" "It says"
    SystemPending "待发" "Pending"
    SystemNewest "最新编号" "newest number"
    SystemOldest "最早的等了" "the oldest waits for"
    SystemVersion "程序版本" "Version"
    SystemConfiguration "配置版本" "Configuration"

    // Words on their own.
    Here "这里" "Here"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_written_in_both_languages() {
        for text in Text::ALL {
            let (zh, en) = (text.say(Lang::Zh), text.say(Lang::En));
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{text:?}");
            let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            if *text != Text::OtherLanguage {
                assert!(chinese(zh) && !chinese(en), "{text:?}");
            }
        }
    }
}
