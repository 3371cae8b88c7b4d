//! How deep and how large a part of an expression is: Go refuses what grows too much.

/// Times that `{n}` may repeat, one within another.
pub(super) const MOST_REPEATS: u32 = 1000;

/// How deep an expression may nest.
const MOST_HEIGHT: u32 = 1000;

/// How large the program of an expression may become: 128 MiB of 40 bytes each.
const MOST_INSTRUCTIONS: u64 = (128 << 20) / 40;

/// What is known of a part: how deep it is, how large its program, and how often `{n}` within it repeats something.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) height: u32,
    pub(super) size: u64,
    pub(super) repeats: u32,
}

impl Part {
    pub(super) const ONE: Self = Self { height: 1, size: 1, repeats: 1 };

    pub(super) fn around(self, more: u64) -> Self {
        Self { height: self.height + 1, size: self.size.saturating_add(more), ..self }
    }
}

/// Parts one after the other, or beside each other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Joined {
    pub(super) count: u32,
    pub(super) most: Part,
}

impl Joined {
    pub(super) fn add(&mut self, part: Part) {
        self.count += 1;
        let most = &mut self.most;
        most.height = most.height.max(part.height);
        most.size = most.size.saturating_add(part.size);
        most.repeats = most.repeats.max(part.repeats);
    }

    pub(super) fn part(self) -> Part {
        match self.count {
            0 => Part::ONE,
            1 => self.most,
            _ => self.most.around(0),
        }
    }
}

/// A pair of brackets that is not closed yet.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) is_captured: bool,
    pub(super) alternatives: Joined,
    pub(super) sequence: Joined,
    /// What a repetition would repeat.
    pub(super) last: Option<Part>,
}

impl Group {
    pub(super) fn push(&mut self, part: Part) {
        if let Some(last) = self.last.replace(part) {
            self.sequence.add(last);
        }
    }

    pub(super) fn end_alternative(&mut self) {
        if let Some(last) = self.last.take() {
            self.sequence.add(last);
        }
        self.alternatives.add(std::mem::take(&mut self.sequence).part());
    }

    pub(super) fn part(mut self) -> Part {
        self.end_alternative();
        let inner = self.alternatives.part();
        if self.is_captured { inner.around(2) } else { inner }
    }
}

/// A part that `{n}`, `{n,}` or `{n,m}` repeats.
pub(super) fn repeated(part: Part, least: u32, most: Option<u32>, written: &str) -> Result<Part, String> {
    let times = most.unwrap_or(least);
    let repeats = match (most, times) {
        (Some(0), _) => 1,
        (_, 0) => part.repeats,
        _ => part.repeats.saturating_mul(times),
    };
    if (least >= 2 || most.is_some_and(|most| most >= 2)) && repeats > MOST_REPEATS {
        return Err(format!("invalid repeat count: `{written}`"));
    }
    let size = match most {
        None if least == 0 => part.size.saturating_add(2),
        None => part.size.saturating_mul(u64::from(least)).saturating_add(1),
        Some(most) => part.size.saturating_mul(u64::from(most)).saturating_add(u64::from(most - least)).max(1),
    };
    Ok(Part { height: part.height + 1, size, repeats })
}

/// A part, where Go takes one that is so deep and large.
pub(super) fn within_limits(part: Part) -> Result<Part, String> {
    if part.height > MOST_HEIGHT {
        return Err("expression nests too deeply".to_owned());
    }
    if part.size > MOST_INSTRUCTIONS {
        return Err("expression too large".to_owned());
    }
    Ok(part)
}
