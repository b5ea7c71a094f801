//! A process at work: its tasks by role, started together and stopped in order.

use std::sync::Arc;

use muster_console::http::ConsoleSettings;
use muster_notify::{LadderDestination, NoticeDestination};
use muster_pipeline::deadlines::Deadlines;
use muster_pipeline::desk::Desk;
use muster_pipeline::dispatch::Dispatch;
use muster_pipeline::graveyard::Graveyard;
use muster_pipeline::lease::Lease;
use muster_pipeline::operate::Operate;
use muster_pipeline::publish::{Destination, LogDestination, Publish, Screens};
use muster_pipeline::roles::Role;
use muster_pipeline::watch::{Watch, WatchSettings};
use muster_sources::catalogue::Registrar;
use muster_sources::http::Routes;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::intake;
use super::memory;
use super::parts::Parts;
use super::setup;
use crate::exit::Failure;
use crate::settings::Settings;

/// A process with its listener open and its tasks under way.
pub(crate) struct Running {
    tasks: JoinSet<&'static str>,
    http: JoinSet<&'static str>,
    stop: CancellationToken,
    parts: Parts,
}

/// The open listeners of a process.
pub(crate) struct Listeners {
    pub(crate) http: TcpListener,
    /// That of the metrics, where they have one of their own.
    pub(crate) metrics: Option<TcpListener>,
}

impl Running {
    /// Starts what the roles ask for behind an open listener.
    pub(crate) async fn start(
        parts: Parts,
        settings: &Settings,
        console: ConsoleSettings,
        listeners: Listeners,
    ) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let has = |role| settings.roles.contains(&role);
        if has(Role::Watch) {
            watch(&parts, settings, &stop, &mut tasks);
        } else {
            keep_time(&parts, &stop, &mut tasks);
        }
        if has(Role::Publish) {
            publish(&parts, settings, &stop, &mut tasks);
        }
        if has(Role::Tick) {
            tick(&parts, &stop, &mut tasks);
        }
        if has(Role::Admit) {
            intake::start(&parts, settings.log.url != "embedded", &stop, &mut tasks)?;
        }
        follow_configs(&parts, &stop, &mut tasks);
        return_memory(&stop, &mut tasks);
        let mut http = JoinSet::new();
        let (desk, leave) = (desk(&parts, settings), stop.child_token());
        let routes = routes(&parts, settings, &settings.roles)?;
        if let Some(listener) = listeners.metrics {
            let (desk, access, bounds) = (desk.clone(), console.access.clone(), console.bounds);
            let leave = leave.clone();
            http.spawn(async move {
                muster_console::http::serve_metrics(listener, desk, access, bounds, leave).await;
                "metrics"
            });
        }
        http.spawn(async move {
            muster_console::http::serve(listeners.http, desk, console, Some(routes), leave).await;
            "http"
        });
        Ok(Self { tasks, http, stop, parts })
    }

    /// Waits until told to stop or until a task ends that should not, then stops everything in order.
    pub(crate) async fn until(mut self, asked: impl Future<Output = ()>) -> Result<(), Failure> {
        let ended = tokio::select! {
            () = asked => {
                tracing::info!("stopping");
                Ok(())
            }
            Some(ended) = self.tasks.join_next() => {
                tracing::error!(task = ?ended, "a task ended that should not have; stopping");
                Err(Failure::refused(format!("a task ended that should not have, see the log: {ended:?}")))
            }
        };
        self.stop.cancel();
        let drained = async {
            while self.http.join_next().await.is_some() {}
            while self.tasks.join_next().await.is_some() {}
        };
        if tokio::time::timeout(std::time::Duration::from_secs(20), drained).await.is_err() {
            tracing::warn!("some work did not end in 20 s and is cut off; it is done again at the next start");
            self.tasks.abort_all();
        }
        self.parts.log.close().await;
        self.parts.store.close().await;
        ended
    }
}

/// The watch over all partitions that this process can get.
pub(crate) fn watch(parts: &Parts, settings: &Settings, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let watch = watch_of(parts, settings);
    let stop = stop.child_token();
    tasks.spawn(async move {
        watch.run(stop).await;
        "watch"
    });
}

/// Who does not watch stamps what it takes in all the same.
fn keep_time(parts: &Parts, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let kept = muster_pipeline::clock::keep_right(parts.clock.clone(), parts.store.clone(), stop.child_token());
    tasks.spawn(async move {
        kept.await;
        "clock"
    });
}

/// Everything that the work on partitions needs.
pub(crate) fn watch_of(parts: &Parts, settings: &Settings) -> Watch {
    let second = parts.clock.real_time(muster_domain::time::Span::from_secs(1));
    Watch {
        log: Arc::clone(&parts.log),
        store: parts.store.clone(),
        configs: parts.configs.clone(),
        clock: parts.clock.clone(),
        metrics: parts.metrics.clone(),
        numbering: parts.numbering.clone(),
        wake: parts.wake.clone(),
        troubles: parts.troubles.clone(),
        settings: WatchSettings {
            tick: second.max(std::time::Duration::from_millis(20)),
            shared: settings.log.url != "embedded",
            ..WatchSettings::alone(parts.owner.clone())
        },
    }
}

fn operate(parts: &Parts) -> Operate {
    Operate {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        metrics: parts.metrics.clone(),
        wake: parts.wake.clone(),
    }
}

pub(super) fn lease(parts: &Parts, name: &str) -> Lease {
    Lease::new(parts.store.clone(), parts.clock.clone(), name, &parts.owner)
}

fn publish(parts: &Parts, settings: &Settings, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let mut destinations = LogDestination::all(&parts.log, &parts.clock);
    destinations.push(Arc::new(LadderDestination {
        log: Arc::clone(&parts.log),
        configs: parts.configs.clone(),
        clock: parts.clock.clone(),
    }) as Arc<dyn Destination>);
    destinations.push(Arc::new(NoticeDestination { clock: parts.clock.clone() }));
    destinations.push(Arc::new(Screens));
    let publish = Publish {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        metrics: parts.metrics.clone(),
        wake: parts.wake.clone(),
        lease: lease(parts, "publish"),
        destinations,
        keep: settings.log.retention,
    };
    let (graveyard, letters) = (graveyard(parts), stop.child_token());
    tasks.spawn(async move {
        graveyard.run(letters).await;
        "dead letters"
    });
    let stop = stop.child_token();
    tasks.spawn(async move {
        publish.run(stop).await;
        "publish"
    });
}

/// Who copies dead letters to where people look at them.
pub(crate) fn graveyard(parts: &Parts) -> Graveyard {
    let Parts { log, store, metrics, clock, .. } = parts.clone();
    Graveyard { log, store, metrics, clock }
}

fn tick(parts: &Parts, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let dispatch =
        Dispatch { operate: operate(parts), configs: parts.configs.clone(), lease: lease(parts, "dispatch") };
    let deadlines = Deadlines { operate: operate(parts), lease: lease(parts, "tick") };
    let (first, second) = (stop.child_token(), stop.child_token());
    tasks.spawn(async move {
        dispatch.run(first).await;
        "dispatch"
    });
    tasks.spawn(async move {
        deadlines.run(second).await;
        "deadlines"
    });
}

/// The routes that lead to admit and to the catalogue, as far as they are wanted.
pub(crate) fn routes(parts: &Parts, settings: &Settings, wanted: &[Role]) -> Result<Routes, Failure> {
    let mut routes = Routes::new();
    if wanted.contains(&Role::Admit) {
        let door = intake::adapter(muster_sources::http::ADAPTER)?;
        routes = routes.merge(muster_sources::http::router(parts.admit.clone(), door));
    }
    if wanted.contains(&Role::Console) {
        let registrar = Registrar {
            configs: parts.configs.clone(),
            log: Arc::clone(&parts.log),
            clock: parts.clock.clone(),
            rules: super::parts::first_rules(settings)?.unwrap_or_else(super::parts::built_in_rules),
        };
        routes = routes.merge(muster_sources::http::catalogue_router(registrar));
    }
    Ok(routes)
}

fn return_memory(stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let stop = stop.child_token();
    tasks.spawn(async move {
        memory::return_regularly(stop).await;
        "memory"
    });
}

/// Other processes may make a newer configuration ready.
fn follow_configs(parts: &Parts, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let (configs, stop) = (parts.configs.clone(), stop.child_token());
    tasks.spawn(async move {
        while !stop.is_cancelled() {
            if let Err(error) = configs.refresh().await {
                tracing::warn!(error = %muster_pipeline::chain(&error), "cannot see which configuration holds");
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            }
        }
        "configuration"
    });
}

pub(crate) fn desk(parts: &Parts, settings: &Settings) -> Desk {
    Desk {
        store: parts.store.clone(),
        log: Arc::clone(&parts.log),
        configs: parts.configs.clone(),
        operate: operate(parts),
        admit: parts.admit.clone(),
        clock: parts.clock.clone(),
        metrics: parts.metrics.clone(),
        wake: parts.wake.clone(),
        media: settings.data_dir.join("evidence"),
        secret: parts.secret.clone(),
        foreign: Arc::clone(&parts.foreign),
        doctor: setup::doctor(settings, &parts.foreign),
        roles: settings.roles.clone(),
        troubles: parts.troubles.clone(),
    }
}
