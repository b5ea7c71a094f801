//! Everything that the doctor knows to be wrong: code, area, severity, cause and what to do next, in both languages.
//!
//! `docs/doctor.md` is this table; a test holds the two together.

use muster_domain::text::Words;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something does not work, or will be lost.
    Problem,
    /// It works, and will not for long or not for everything.
    Warning,
    /// Good to know; nothing is wrong.
    Note,
}

impl Severity {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What a finding is about, in the order in which findings are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// What the settings and the files they name say.
    Settings,
    /// The event log, embedded or Kafka.
    Log,
    /// The database.
    Store,
    /// The rule book.
    Rules,
    /// Places, devices and units.
    Catalogue,
    /// Processes at work: watch, publish, leases, dead letters.
    Work,
    /// What is seen in the street, and cases with people.
    Street,
}

impl Area {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Log => "log",
            Self::Store => "store",
            Self::Rules => "rules",
            Self::Catalogue => "catalogue",
            Self::Work => "work",
            Self::Street => "street",
        }
    }
}

macro_rules! codes {
    ($($code:ident $name:literal $area:ident $severity:ident
        $cause_zh:literal $cause_en:literal
        $next_zh:literal $next_en:literal)+) => {
        /// A thing that can be wrong. Its name is stable; its cause says why it is so, and what comes next.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is said in its cause")]
        pub enum Code {
            $($code,)+
        }

        impl Code {
            /// Every code, in the order in which findings are told.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The name used in every format.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)+ }
            }

            /// What it is about.
            #[must_use]
            pub const fn area(self) -> Area {
                match self { $(Self::$code => Area::$area,)+ }
            }

            /// How bad it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }

            /// What is so, and why that matters.
            #[must_use]
            pub fn cause(self) -> Words {
                match self { $(Self::$code => Words::new($cause_zh, $cause_en),)+ }
            }

            /// What to do next.
            #[must_use]
            pub fn next(self) -> Words {
                match self { $(Self::$code => Words::new($next_zh, $next_en),)+ }
            }
        }
    };
}

codes! {
    UnknownSetting "unknown-setting" Settings Problem
        "有不认识的设置项，没有任何进程能用这份设置启动" "A setting is not known: no process starts with these settings"
        "改正或删去这一项" "correct it or take it out; `muster serve --print-config` shows all there are"
    PairMismatch "log-and-store-no-pair" Settings Problem
        "日志与数据库不是一对：内置日志只配 SQLite，Kafka 只配 PostgreSQL" "Log and store are no pair: the embedded log goes with SQLite, Kafka with PostgreSQL"
        "让 MUSTER_LOG__URL 与 MUSTER_STORE__URL 相配" "set MUSTER_LOG__URL and MUSTER_STORE__URL to fit"
    SettingsRefused "settings-refused" Settings Problem
        "设置无法使用" "The settings cannot be used"
        "按下面所指的位置改正" "correct what is named"
    ListensWithoutTokens "listens-without-tokens" Settings Problem
        "监听地址不限于本机，却没有令牌文件：服务会拒绝启动" "It listens beyond this machine without a tokens file: the server refuses to start"
        "设置 MUSTER_AUTH__TOKENS_FILE，或改听 127.0.0.1" "set MUSTER_AUTH__TOKENS_FILE, or listen on 127.0.0.1"
    TokensUnusable "tokens-file-unusable" Settings Problem
        "令牌文件读不出或不合规：服务会拒绝启动" "The tokens file cannot be read, or is none: the server refuses to start"
        "改正文件内容或读取权限" "mend the file or its rights"
    TokensExposed "tokens-file-exposed" Settings Warning
        "本机其他用户能读令牌文件" "Other users of this machine can read the tokens file"
        "收紧权限" "take their right to read it"
    DataFolderMissing "data-folder-missing" Log Warning
        "数据目录不存在：要么从未启动过，要么 data_dir 指错了地方" "The data folder is not there: nothing was ever started here, or data_dir points elsewhere"
        "核对 MUSTER_DATA_DIR；`muster serve` 首次启动会建立它" "check MUSTER_DATA_DIR; the first start of `muster serve` makes it"
    DataFolderUnwritable "data-folder-not-writable" Log Problem
        "这个用户不能写数据目录或其中的文件：什么也存不下，也不再往下看" "This user may not write the data folder, or a file in it: nothing can be kept, and nothing in it was looked at"
        "把目录连同其中的文件交给运行点兵的用户，并以该用户运行；或换一个 MUSTER_DATA_DIR" "give the folder with all its files to the user that Muster runs as, and run as that user; or set another MUSTER_DATA_DIR"
    DataFolderLocked "data-folder-locked" Log Problem
        "另一个进程占用数据目录，而它没有在此地址应答" "Another process holds the data folder, and does not answer at this address"
        "用 --url 指明那个服务的地址，或先停掉它" "name the address of that server by --url, or stop it first"
    RestoreUnfinished "restore-unfinished" Log Problem
        "往数据目录的恢复没有做完：那里只有半份备份，服务会拒绝启动" "A restore into the data folder was not finished: half of a backup lies there, and the server refuses to start"
        "再运行一次 `muster restore`，它会从头做起" "run `muster restore` again, which begins anew"
    ServerSilent "server-silent" Log Problem
        "所指的服务没有应答" "The server that was named does not answer"
        "核对地址，看 `muster serve` 是否在运行" "check the address, and whether `muster serve` runs there"
    DiskFull "disk-full" Log Problem
        "磁盘剩余低于下限：接收一律回 503，案件仍可处理" "The disk has less room than the floor: intake answers 503, case work goes on"
        "腾出空间，或缩短 log.retention 后重启" "make room, or shorten log.retention and start again"
    DiskNearlyFull "disk-nearly-full" Log Warning
        "磁盘剩余不到下限的两倍（默认一成）" "The disk has less room than twice the floor, by default a tenth"
        "腾出空间，或缩短 log.retention" "make room, or shorten log.retention"
    DayUnreadable "day-file-unreadable" Log Problem
        "日志的某一天打不开或已损坏：那一天的记录无法重读；服务会拒绝启动，或读到那里就停住" "A day of the log cannot be opened, or is damaged: its records cannot be read again, and the server refuses to start, or its watch gets no further than there"
        "用 `muster restore` 从备份恢复到空目录；实在没有备份就移走该文件" "restore a backup into an empty folder (`muster restore`), or move the file away if there is none"
    LogMadeOtherwise "log-made-otherwise" Log Problem
        "内置日志建立时的分区数或前缀与设置不同：服务会拒绝启动" "The embedded log was made with another number of partitions or another prefix than the settings say: the server refuses to start"
        "把 log.partitions 与 log.topic_prefix 改回建立时的值" "set log.partitions and log.topic_prefix to what it was made with"
    BrokerUnreachable "broker-unreachable" Log Problem
        "没有一个 Kafka 节点应答：什么也收不下，什么也看不到" "No Kafka broker answers: nothing is taken in, nothing is watched"
        "看节点是否在运行，核对 MUSTER_LOG__URL 与防火墙" "check that the brokers run, MUSTER_LOG__URL, and the firewall"
    BrokerDenies "broker-denies" Log Problem
        "Kafka 不让这个用户进入" "Kafka does not let this user in"
        "核对 log.kafka 里的 security.protocol、sasl.* 与用户的权限" "check security.protocol and sasl.* in log.kafka, and the rights of the user"
    LogSettingsRefused "log-settings-refused" Log Problem
        "日志的设置无法使用" "The settings of the log cannot be used"
        "改正所指的设置" "correct the setting that is named"
    TopicMissing "topic-missing" Log Problem
        "缺主题：从未启动过，或被人删除" "Topics are missing: nothing was ever started here, or somebody deleted them"
        "`muster serve` 启动时会建立自己的主题；外来主题请其主人建立" "the start of `muster serve` makes its own; a foreign one is its owner's to make"
    PartitionsDiffer "partition-count-differs" Log Problem
        "主题的分区数与设置不同：服务会拒绝启动" "A topic has another number of partitions than the settings say: the server refuses to start"
        "把 log.partitions 改成主题的分区数；加了分区的主题不能减回，要换 log.topic_prefix" "set log.partitions to what the topics have; a topic that was enlarged cannot shrink: use another log.topic_prefix"
    FewCopies "few-copies" Log Warning
        "有三个节点而主题的副本不足三份：坏一个节点就可能丢记录" "There are three brokers and fewer than three copies: one broker that fails may take records with it"
        "给主题增加副本" "reassign the partitions to three brokers"
    SingleCopy "single-copy" Log Note
        "节点不足三个，每条记录只有一份：盘坏则记录失" "There are fewer than three brokers, and one copy of each record: it goes with its disk"
        "要更稳妥，用三个节点" "three brokers keep three copies"
    MinInsyncLow "min-insync-low" Log Warning
        "一份副本写下就算数：坏一个节点可能丢掉已确认的记录" "One copy is enough for an acknowledgement: a broker that fails may take acknowledged records with it"
        "把 min.insync.replicas 设为 2" "set min.insync.replicas to 2"
    MinInsyncHigh "min-insync-high" Log Problem
        "要求同步的副本数不少于副本总数：少一个节点就什么也写不进" "As many copies must be in step as there are: one broker less and nothing can be written"
        "把 min.insync.replicas 设为副本数减一" "set min.insync.replicas to one less than the copies"
    RetentionShort "retention-short" Log Warning
        "主题的保留期比设置短：积压久了，记录会在看到之前被删" "A topic keeps records for less time than the settings say: a long backlog is deleted before it is watched"
        "延长主题的 retention.ms" "set retention.ms of the topic"
    TopicCompacted "topic-compacted" Log Problem
        "主题会压缩：同一键的旧记录会消失，重放就不完整" "A topic is compacted: older records of a key vanish, and no replay is whole"
        "把 cleanup.policy 改为 delete" "set cleanup.policy to delete"
    MessageSizeSmall "message-size-small" Log Problem
        "主题不收点兵能写的最大记录：大的观测与上报会被拒" "A topic does not take the largest record that Muster writes: large observations and reports are refused"
        "把 max.message.bytes 提到 1 MiB 以上" "set max.message.bytes to 1 MiB or more"
    PartitionsLeaderless "partitions-leaderless" Log Problem
        "有分区没有首领：既不能写也不能读" "Partitions have no leader: they can be neither written nor read"
        "把持有这些分区的节点启动起来" "bring the brokers up that hold them"
    PartitionsLagging "partitions-under-replicated" Log Warning
        "有分区的副本没有跟上：再坏一个节点就可能停写" "Copies of partitions are not in step: another broker that fails may stop all writing"
        "看哪个节点停了或太慢" "see which broker is down or too slow"
    LogReplaced "log-replaced" Log Problem
        "这不是数据库所属的那份日志：数据库里的位移在这里毫无意义" "This is not the log that the store belongs to: its offsets mean nothing here"
        "把 log.url 与 log.topic_prefix 指回原来的日志，或用 `muster restore` 成对恢复备份，或换一个空数据库" "point log.url and log.topic_prefix at the log it belongs to, restore both from one backup (`muster restore`), or use an empty store"
    LogBehind "log-behind" Log Problem
        "日志的末尾在数据库已提交的位移之前：两者不是同一时刻的" "The log ends before what the store has committed: the two are not of the same time"
        "用 `muster restore` 从同一份备份把两者一起恢复" "restore both from the same backup (`muster restore`)"
    LogBeginsLate "log-begins-late" Log Problem
        "有记录还没读到就被删了：日志的开头在已读到的位移之后" "Records were deleted before they were read: the log begins after what was read of it"
        "延长保留期，查清为何长时间无人读取" "keep records longer, and find out why nobody read for so long"
    StoreMissing "store-missing" Store Warning
        "数据库文件还不存在" "There is no database file yet"
        "核对 store.url；`muster migrate` 或首次启动会建立它" "check store.url; `muster migrate` or the first start makes it"
    StoreLost "store-lost" Store Problem
        "日志里有记录，数据库却不在或是新的：记录的结果丢了；服务会拒绝启动，以免为旧事重新立案" "The log holds records, and the database is gone or new: what became of them is lost, and the server refuses to start, lest it file cases for all of them again"
        "让 store.url 指回原来的数据库，或恢复备份（`muster restore`）；若有意从头开始，换一个 MUSTER_DATA_DIR（内置日志）或 MUSTER_LOG__TOPIC_PREFIX（Kafka）" "point store.url at the database it was, or restore a backup (`muster restore`); to begin anew on purpose set another MUSTER_DATA_DIR (embedded log) or MUSTER_LOG__TOPIC_PREFIX (Kafka)"
    StoreUnreachable "store-unreachable" Store Problem
        "数据库没有应答：没有案件能立、能派、能结" "The database does not answer: no case can be filed, given out or closed"
        "看数据库是否在运行，核对 MUSTER_STORE__URL" "check that the database runs, and MUSTER_STORE__URL"
    StoreDenies "store-denies" Store Problem
        "数据库不让这个用户进入：口令或权限不对" "The database does not let this user in: wrong password, or no right to connect"
        "核对 MUSTER_STORE__URL 里的用户与口令" "check user and password in MUSTER_STORE__URL"
    DatabaseMissing "database-missing" Store Problem
        "服务器上没有这个数据库" "The server has no such database"
        "建立它，再运行 `muster migrate`" "make it, then run `muster migrate`"
    StoreRefused "store-refused" Store Problem
        "数据库无法使用" "The database cannot be used"
        "按下面所说的改正" "correct what is named"
    StoreDamaged "store-damaged" Store Problem
        "数据库里的内容不是点兵写下的样子，或文件已损坏" "The database holds what Muster never wrote, or its file is damaged"
        "停掉服务，用 `muster restore` 从备份恢复到空处" "stop the server and restore a backup into an empty place (`muster restore`)"
    SchemaOlder "schema-older" Store Problem
        "数据库的结构比程序旧" "The schema is older than this program"
        "先用 `muster backup` 备份，再运行 `muster migrate`" "make a backup (`muster backup`), then run `muster migrate`"
    SchemaNewer "schema-newer" Store Problem
        "数据库的结构比程序新：有更新的程序用过它" "The schema is newer than this program: a newer one has used it"
        "换用较新的程序，不要降级" "run the newer program"
    SqliteOld "sqlite-too-old" Store Problem
        "SQLite 太旧：预写日志可能丢页" "SQLite is too old: it can lose pages of its write-ahead log"
        "用随附的 SQLite 重新构建" "build with the bundled one"
    PostgresOld "postgresql-too-old" Store Problem
        "PostgreSQL 早于 15" "PostgreSQL is older than 15"
        "升级到 15 或更新" "upgrade the server to 15 or newer"
    NotWal "sqlite-not-wal" Store Problem
        "SQLite 无法用预写日志：这个磁盘（如网络盘）不支持，读写会互相等待" "SQLite cannot use its write-ahead log: this disk (a network share?) does not do it, and readers and writers wait for one another"
        "把数据目录移到本机磁盘" "move the data folder to a disk of this machine"
    Standby "postgresql-standby" Store Problem
        "这是只读的备库：什么也写不进" "This is a standby that can only be read: nothing can be written"
        "把 store.url 指向主库" "point store.url at the primary"
    FsyncOff "postgresql-fsync-off" Store Problem
        "PostgreSQL 关了 fsync 或 full_page_writes：断电会毁掉数据库" "PostgreSQL has fsync or full_page_writes off: a power cut can ruin the database"
        "打开它们" "turn them on"
    SynchronousCommitOff "synchronous-commit-off" Store Warning
        "PostgreSQL 默认不等落盘就应答；点兵自己的连接已改为等待，其他工具没有" "PostgreSQL answers before a commit is on the disk; our own connections ask it to wait, other tools do not"
        "在服务器上打开 synchronous_commit" "turn synchronous_commit on at the server"
    FewConnections "max-connections-small" Store Warning
        "PostgreSQL 剩下的连接不够再开一个进程" "PostgreSQL has too few connections left for another process"
        "提高 max_connections，或减小 store.max_connections" "raise max_connections, or lower store.max_connections"
    ClockApart "clock-apart" Store Problem
        "本机时钟与数据库相差超过 2 秒：这里不观察、不派单、不发布" "This machine's clock is more than 2 s off the database's: nothing is watched, given out or published here"
        "两边都用 NTP 对时：慢了的进程随后自行恢复，快了的要重启" "set both clocks by NTP: a process that is behind then goes on by itself, one that is ahead must be started again"
    NoRuleBook "no-rule-book" Rules Problem
        "还没有采用任何规则簿与目录：什么也不会看" "No rule book and catalogue hold yet: nothing is watched"
        "启动 `muster serve`，再用 `muster import` 导入目录" "start `muster serve`, then `muster import` the catalogue"
    ConfigNotReady "configuration-not-ready" Rules Warning
        "最新的配置版本还没有传到每个分区：接收仍用旧版本" "The newest configuration has not reached every partition: intake uses the one before it"
        "等片刻；若不消失，重启一个进程让它再宣告一次" "wait a moment; if it stays so, start a process again, which announces it once more"
    RulesFolderUnreadable "rules-folder-unreadable" Rules Problem
        "规则簿目录读不出：服务会拒绝启动" "The folder of the rule book cannot be read: the server refuses to start"
        "核对 rules.dir" "check rules.dir"
    RuleBookRefused "rule-book-refused" Rules Problem
        "磁盘上的规则簿有错：服务会拒绝启动" "The rule book on the disk has mistakes: the server refuses to start"
        "逐条改正，用 `muster rules check` 复查" "correct each, and look again with `muster rules check`"
    RuleBookDiffers "rule-book-differs" Rules Warning
        "磁盘上的规则簿与采用的不同：改动还没有生效" "The rule book on the disk is not the one that holds: a change has not taken effect"
        "用 `muster rules test` 试过后重启 `muster serve`" "try it with `muster rules test`, then start `muster serve` again"
    AdoptedUnreadable "adopted-configuration-unreadable" Rules Problem
        "这个程序读不懂已采用的配置" "This program cannot read the configuration that holds"
        "用采用它的那个版本的程序，或重新采用规则簿" "run the version that adopted it, or adopt the rule book again"
    RulesNotLive "rules-not-live" Rules Note
        "有规则在试运行或已关闭：不立案" "Rules run in shadow or are off: they open no case"
        "若是有意，不必理会" "nothing, if that is meant"
    CatalogueEmpty "catalogue-empty" Catalogue Warning
        "目录里没有点位：没有什么可看" "The catalogue holds no place: there is nothing to watch"
        "用 `muster import` 依次导入网格、单位、点位、设备" "bring in grid, units, places and devices with `muster import`"
    PlaceWithoutDevice "place-without-device" Catalogue Warning
        "规则要看这些点位，却没有能说这种观测的设备：它们永远失明" "Rules watch these places, and no device speaks of what they look for: they stay blind"
        "用 `muster import devices` 补上设备，或收窄规则的 only_grids" "add devices with `muster import devices`, or narrow the rule by only_grids"
    PlaceOfUnknownClass "place-of-unknown-class" Catalogue Warning
        "规则簿里没有这些点位的类别：没有规则会看它们" "The rule book does not know the class of these places: no rule watches them"
        "改正类别，或在规则簿里加 [[place_class]]" "correct the class, or add a [[place_class]] to the rule book"
    DeviceWithoutPlace "device-without-place" Catalogue Warning
        "这些设备没有对应点位：它们说的一律进死信" "These devices cover no place: whatever they say becomes a dead letter"
        "用 `muster import devices` 写明点位" "name their places with `muster import devices`"
    CatalogueDangling "catalogue-dangling" Catalogue Warning
        "目录里有指向不存在之物的引用" "The catalogue refers to what is not in it"
        "补上所缺的，或删去引用" "add what is missing, or take the reference out"
    KindWithoutRoute "kind-without-route" Catalogue Warning
        "这些类别的案件不请任何单位：立了案也没人去" "Cases of these kinds ask for no unit: they are filed and nobody goes"
        "给规则加 [[rule.respond]] 的 seats，或给类别加 seats" "give the rule a [[rule.respond]] with seats, or the kind seats of its own"
    CompetenceWithoutUnit "competence-without-unit" Catalogue Warning
        "席位要的职责没有任何单位具备：案件都落到综合协调岗" "Seats ask for a competence that no unit has: their cases fall to the coordination post"
        "用 `muster import units` 给单位加上职责" "give a unit the competence with `muster import units`"
    PlaceWithoutUnit "place-without-unit" Catalogue Warning
        "这些点位没有可派的单位（职责有，网格不管）" "For these places no competent unit can be sent: none is responsible for their grid cell"
        "用 `muster import units` 补上负责网格" "add their grid cells to a unit with `muster import units`"
    NoCoordination "no-coordination-post" Catalogue Warning
        "没有综合协调岗：没人能接的案件无处可去" "There is no coordination post: what nobody can take goes nowhere"
        "加一个职责为 coordination 的单位" "add a unit whose competence is coordination"
    UnitWithoutCompetence "unit-without-competence" Catalogue Warning
        "这些单位没有写职责：永远派不到" "These units state no competence: they are never sent"
        "用 `muster import units` 写明职责" "state it with `muster import units`"
    WatchFailing "watch-failing" Work Problem
        "有分区反复从头再来，读不下去：其中的点位没人看" "Partitions begin again and again and get no further: their places are not watched"
        "除去下面所说的原因；若是文件损坏（见 day-file-unreadable、store-damaged），停掉服务，用 `muster restore` 把备份恢复到空处" "remove the cause below; where a file is damaged (see day-file-unreadable and store-damaged) stop the server and restore a backup into an empty place (`muster restore`)"
    NothingWatches "nothing-watches" Work Problem
        "没有进程在观察任何分区：什么也不会被发现" "No process watches any partition: nothing is found out"
        "启动带 watch 角色的 `muster serve`" "start `muster serve` with the role watch"
    PartitionNotHeld "partition-not-held" Work Problem
        "有分区无人持有：其中的点位没人看" "Partitions are held by nobody: their places are not watched"
        "看持有者为何停下（其日志、时钟、位移）；十秒内无人接手就再启动一个进程" "see why their holder stopped (its log, clock, offset); if nobody takes over in ten seconds start another process"
    LeaseFight "lease-fight" Work Problem
        "分区在短时间内多次易主：多半是两个进程同名" "A partition changed hands many times in a short while: most likely two processes have one name"
        "让每个进程的 HOSTNAME 不同；看时钟是否相差太多" "give each process a HOSTNAME of its own; see whether clocks are apart"
    RoleMissing "role-missing" Work Problem
        "有工作无人承担：不发布、不派单或不走时限" "Work is done by nobody: nothing is published, given out, or timed"
        "启动带所缺角色的 `muster serve`" "start `muster serve` with the role that is missing"
    WatchLags "watch-lags" Work Warning
        "观察落后于日志：发现得晚" "The watch is behind the log: things are found late"
        "看进程的 CPU 与数据库延迟；必要时加进程" "see the CPU of the processes and how fast the database is; add a process if need be"
    CheckpointOld "checkpoint-old" Work Warning
        "检查点太旧：重启要从那里重读，会很久" "A checkpoint is old: a restart reads from there and takes long"
        "看持有者的日志里检查点为何没写成" "see in the log of the holder why checkpoints are not written"
    CheckpointDamaged "checkpoint-damaged" Work Warning
        "有检查点与写下时不同：重启会用更早的一个" "A checkpoint is not what was written: a restart uses the one before it"
        "查磁盘；一分钟后会写新的" "check the disk; a new one is written within a minute"
    RecordsSkipped "records-skipped" Work Warning
        "有记录让观察出错，被跳过：它们说的没有算数" "Records that broke the watch are skipped: what they say does not count"
        "到 /dead-letters?code=fault 看原因，报给维护者" "see the reason on /dead-letters?code=fault, and report it"
    OutboxStuck "outbox-stuck" Work Problem
        "有去处收不下：它后面的都在等" "A destination does not take what it gets: everything behind waits"
        "除去下面所说的原因；会自动再试，间隔不超过一分钟" "remove the cause below; it is tried again by itself within a minute"
    OutboxWaits "outbox-waits" Work Warning
        "待发箱里有等了很久的：外面还不知道发生了什么" "The outbox holds what has waited long: outside nobody knows yet"
        "看是否有进程承担 publish，去处是否应答" "see whether a process has the role publish, and whether destinations answer"
    DeadLettersOpen "dead-letters-open" Work Warning
        "有读不懂而搁置的来件：它们说的没有算数" "What could not be read lies among the dead letters: it does not count"
        "除去原因后到 /dead-letters 重放，或写明理由丢弃" "remove the cause, then take them again on /dead-letters, or drop them there with a reason"
    ClockSet "clock-set" Work Warning
        "进程启动后，本机的时钟被调过：进程仍按自己的时间走" "The machine's clock was set after this process started: the process goes on by its own time"
        "看哪个时间是对的；若是本机的，重启本进程" "see which time is right; if the machine's is, start this process again"
    AdapterSilent "adapter-silent" Street Problem
        "我们自己的接入没有心跳：由它而来的都看不见" "An adapter of ours is silent: nothing that comes by it is seen"
        "看承担 admit 的进程是否在运行" "see whether the process with the role admit runs"
    PlacesBlind "places-blind" Street Warning
        "有点位看不见：不是没事，是不知道" "Places cannot be seen: that is not all clear, it is not known"
        "修好上列来源；全部见 /conditions?state=blind" "mend these sources; all are on /conditions?state=blind"
    DevicesBlind "devices-blind" Street Warning
        "有设备说自己看不见，或没有消息" "Devices say that they cannot see, or say nothing"
        "派人检修；全部见 /conditions?rule=muster.device.blind" "have them looked at; all are on /conditions?rule=muster.device.blind"
    SeatsUnfilled "seats-unfilled" Street Warning
        "有席位派不出：没有能派的单位" "Seats stay empty: no unit can be sent"
        "先电话协调并备注；补上有此职责的单位后会自动派出" "telephone and note it; units with that competence are asked by themselves once they are in the catalogue"
    ClocksOverdue "clocks-overdue" Street Warning
        "有案件已超时" "Cases are overdue"
        "在值班席电话催办；全部见 /cases?overdue=true" "telephone from the desk; all are on /cases?overdue=true"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_their_own_and_speak_both_languages() {
        let names: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for code in Code::ALL {
            assert!(code.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code:?}");
            for words in [code.cause(), code.next()] {
                assert!(chinese(&words.zh) && !chinese(&words.en) && !words.en.is_empty(), "{code:?}: {words:?}");
            }
        }
        assert!(Code::ALL.is_sorted_by_key(|code| code.area()), "areas stand together, in the order they are told");
    }
}
