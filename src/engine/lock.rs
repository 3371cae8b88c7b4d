//! One change of a stack at a time, whoever makes it and from wherever: a lock that lies at the engine.
//!
//! A lock is a volume. Of two that make a volume of one name, the engine gives both the first one, with its labels: so one
//! sees its own mark on it, and the other sees whose it is. The name ends in a number. The highest one holds, and makes the
//! next one every few seconds: that is its heartbeat, and taking over from one that died is to be first to make that next
//! one. One that lost its lock meanwhile sees that, too, and stops.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use bollard::models::{Volume, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};

use super::error::{cannot, status};
use super::{Engine, Error, Holder, Whereabouts, labels};

/// Time between two heartbeats.
const BEAT: Duration = Duration::from_secs(10);

/// A holder on another host that has not been heard of for this long is dead.
const LEASE: Duration = Duration::from_secs(60);

/// Time between two looks at a lock that somebody else has.
const PAUSE: Duration = Duration::from_millis(300);

/// A lock as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedLock {
    /// Who holds it.
    pub holder: Holder,
    /// Its holder is dead, as far as can be seen from here.
    pub abandoned: bool,
    /// The volume's name.
    name: String,
    /// The highest one holds.
    number: u64,
    /// The mark of the process that made it.
    mark: String,
}

/// The lock of a stack, for as long as it is held. It has to be given back with [`Lock::release`]; of one that is not, the
/// next stackctl on this host sees that its holder is dead.
#[derive(Debug)]
pub struct Lock {
    /// The lock of a dead holder that was taken over: what it did may be half done.
    pub taken_over: Option<ObservedLock>,
    seat: Seat,
    number: u64,
}

/// Where a lock is taken, and by whom.
#[derive(Debug, Clone)]
struct Seat {
    engine: Engine,
    stack: String,
    mark: String,
    holder: String,
}

impl Engine {
    /// Takes the lock of a stack for a command. While somebody else has it, waits, and says so once for each holder.
    pub async fn lock(&self, stack: &str, command: &str, waiting: &dyn Fn(&Holder)) -> Result<Lock, Error> {
        let seat = Seat {
            engine: self.clone(),
            stack: stack.to_owned(),
            mark: format!("{:016x}", RandomState::new().build_hasher().finish()),
            holder: Holder::this(command).to_json(),
        };
        let mut watched: Option<(ObservedLock, Instant)> = None;
        loop {
            let found = seat.highest().await?;
            let (since, is_known) = match (&found, &watched) {
                (Some(found), Some((lock, since))) if lock == found => (*since, true),
                (Some(found), Some((lock, _))) => (Instant::now(), lock.mark == found.mark),
                _ => (Instant::now(), false),
            };
            let free = match &found {
                None => Some(1),
                Some(lock) if lock.abandoned || lock.holder.is_elsewhere() && since.elapsed() > LEASE => {
                    Some(lock.number + 1)
                }
                Some(_) => None,
            };
            if let Some(number) = free
                && seat.claim(number).await?
            {
                return Ok(Lock { taken_over: found, seat, number });
            }
            if let (Some(lock), None, false) = (&found, free, is_known) {
                waiting(&lock.holder);
            }
            watched = found.map(|lock| (lock, since));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Lock {
    /// Gives signs of life for as long as it is asked to. Comes back when somebody else has taken the lock over, because this
    /// process was not heard of for too long.
    pub async fn keep(&mut self) -> Error {
        loop {
            tokio::time::sleep(BEAT).await;
            match self.seat.claim(self.number + 1).await {
                Ok(true) => {}
                Ok(false) => break,
                // The engine does not answer: nobody else can take the lock either.
                Err(_) => continue,
            }
            self.seat.remove(&self.seat.name(self.number)).await;
            self.number += 1;
        }
        let holder = self.seat.highest().await.ok().flatten().map(|lock| lock.holder.to_string());
        Error::new(
            format!("cannot go on with stack `{}`", self.seat.stack),
            format!(
                "{} has taken it over, because this process was not heard of for {} s",
                holder.unwrap_or("somebody else".to_owned()),
                LEASE.as_secs()
            ),
        )
        .advise("wait until that one is done, and run the command again")
    }

    /// Gives it back, and takes away what dead holders have left.
    pub async fn release(self) {
        let volumes = self.seat.all().await.unwrap_or_default();
        let mut found: Vec<ObservedLock> = volumes.iter().filter_map(read).collect();
        // The highest one last: whoever looks meanwhile shall not take a lower one for the one that holds.
        found.sort_by_key(|lock| lock.number);
        if found.last().is_some_and(|highest| highest.mark == self.seat.mark) {
            for lock in found {
                self.seat.remove(&lock.name).await;
            }
        }
    }
}

impl Seat {
    /// Tries to be the one that makes this number, and the highest. What was made in vain goes again.
    async fn claim(&self, number: u64) -> Result<bool, Error> {
        let name = self.name(number);
        let labels = [
            (labels::PROJECT, &self.stack),
            (labels::LOCK, &self.stack),
            (labels::LOCK_MARK, &self.mark),
            (labels::LOCK_HOLDER, &self.holder),
        ];
        let request = VolumeCreateRequest {
            name: Some(name.clone()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.clone())).into()),
            ..Default::default()
        };
        let created = self.engine.act(async || self.engine.docker.create_volume(request.clone()).await).await;
        let created = created.map_err(|error| self.cannot(error))?;
        if created.labels.get(labels::LOCK_MARK) != Some(&self.mark) {
            return Ok(false);
        }
        let is_highest = self.highest().await?.is_some_and(|highest| highest.mark == self.mark);
        if !is_highest {
            self.remove(&name).await;
        }
        Ok(is_highest)
    }

    async fn highest(&self) -> Result<Option<ObservedLock>, Error> {
        Ok(ObservedLock::highest(&self.all().await?))
    }

    async fn all(&self) -> Result<Vec<Volume>, Error> {
        let label = vec![format!("{}={}", labels::LOCK, self.stack)];
        let options = ListVolumesOptionsBuilder::new().filters(&HashMap::from([("label".to_owned(), label)])).build();
        let answer = self.engine.look(async || self.engine.docker.list_volumes(Some(options.clone())).await).await;
        let answer = answer.map_err(|error| self.cannot(error))?;
        Ok(answer.volumes.unwrap_or_default())
    }

    async fn remove(&self, name: &str) {
        // One that stays is a dead holder's, for whoever comes next.
        let _ =
            self.engine.act(async || self.engine.docker.remove_volume(name, None::<RemoveVolumeOptions>).await).await;
    }

    fn name(&self, number: u64) -> String {
        format!("{}_{}{number}", self.stack, labels::LOCK_NAME)
    }

    fn cannot(&self, error: bollard::errors::Error) -> Error {
        let is_denied = status(&error) == Some(403);
        let error = cannot(format!("lock stack `{}`", self.stack))(error);
        if is_denied {
            return error.advise("stackctl locks a stack with a volume: allow it to make and list volumes");
        }
        error
    }
}

impl ObservedLock {
    /// Of several locks, the one that holds.
    pub(super) fn highest<'a>(volumes: impl IntoIterator<Item = &'a Volume>) -> Option<Self> {
        volumes.into_iter().filter_map(read).max_by_key(|lock| lock.number)
    }
}

/// Whether a volume is a lock, and whose.
fn read(volume: &Volume) -> Option<ObservedLock> {
    let labels = &volume.labels;
    labels.get(labels::LOCK)?;
    let number = volume.name.rsplit_once(labels::LOCK_NAME)?.1.parse().ok()?;
    let holder = labels.get(labels::LOCK_HOLDER).and_then(|text| Holder::from_json(text)).unwrap_or_default();
    let mark = labels.get(labels::LOCK_MARK).cloned().unwrap_or_default();
    let abandoned = holder.whereabouts() == Whereabouts::Gone;
    Some(ObservedLock { holder, abandoned, name: volume.name.clone(), number, mark })
}
