"""The public seed, where it came from, and when it and the digest were published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sampling.errors import DesignError
from sampling.tickets import checked_seed


@dataclass(frozen=True)
class Seed:
    """A seed with its source (a lottery number, dice) and the times that prove its order of publication.

    `published` is when the seed became public, `digest_published` when the frame's digest and the
    design did; both are aware datetimes or None. Where both are given the digest must come first:
    DesignError `seed_before_digest`.
    """

    value: str
    source: str = ""
    published: datetime | None = None
    digest_published: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", checked_seed(self.value))
        for name in ("published", "digest_published"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                raise DesignError("time_naive", f"the time {name!r} has no time zone", field=name)
        if self.published and self.digest_published and self.published <= self.digest_published:
            raise DesignError(
                "seed_before_digest",
                "the seed was published before the digest: publish the digest, then wait for a new seed",
            )

    @classmethod
    def of(cls, seed: str | int | Seed) -> Seed:
        """A seed as given, or a bare value as a seed of unknown source."""
        return seed if isinstance(seed, Seed) else cls(checked_seed(seed))

    def to_json(self) -> dict[str, str | None]:
        """Plain JSON; times in UTC, ISO 8601."""
        return {
            "value": self.value,
            "source": self.source,
            "published": _text(self.published),
            "digest_published": _text(self.digest_published),
        }

    @classmethod
    def from_json(cls, data: dict[str, str | None]) -> Seed:
        """The inverse of `to_json`. Raises ValueError when a time cannot be read."""
        return cls(
            data["value"] or "",
            data.get("source") or "",
            _time(data.get("published")),
            _time(data.get("digest_published")),
        )


def _text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
