"""Invented fieldwork: twenty interviewers in twenty villages, three of whom do not do what they say.

The copier makes up most of his interviews from earlier ones, fast, at his table, with round amounts and some at night.
The inventor makes up four in ten from what is usual, in half the time, in the right village. The pleaser asks everybody
and turns many an answer to the good. Everybody else is honest, differs a little from the others, and works in four
villages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

INTERVIEWERS, VILLAGES, IN_VILLAGE = 20, 20, 12
COPIER, INVENTOR, PLEASER = 0, 1, 2
SCALE = [f"sat{k}" for k in range(6)]
AWARE = [f"aware{k}" for k in range(5)]
FACTS = [f"fact{k}" for k in range(14)]
QUESTIONS = [*SCALE, *AWARE, *FACTS]


@dataclass(frozen=True)
class Fieldwork:
    """interviews: who, where, when, made_up. answers: by question. timings: seconds by interview and question."""

    interviews: pd.DataFrame
    answers: pd.DataFrame
    timings: pd.DataFrame


def fieldwork(seed: int, dishonest: int = 3) -> Fieldwork:
    """Invented by a seed; the first three interviewers are the dishonest ones, or with dishonest=0 nobody is."""
    rng = np.random.default_rng(seed)
    who, village = _assignment()
    who = who + (0 if dishonest else INTERVIEWERS)
    rows = len(who)
    made_up = (who == COPIER) & (rng.random(rows) < 0.7) | (who == INVENTOR) & (rng.random(rows) < 0.4)
    answers = _honest(rng, who, village)
    _please(rng, answers, who)
    _invent(rng, answers, made_up & (who == INVENTOR))
    _copy(rng, answers, made_up & (who == COPIER), np.flatnonzero(who == COPIER))
    index = pd.Index([f"i{k:04d}" for k in range(rows)], name="interview")
    interviews = _places(rng, who, village, made_up).join(_times(rng, who, made_up)).assign(made_up=made_up)
    interviews["amount"] = _amounts(rng, made_up & (who == COPIER))
    return Fieldwork(interviews.set_index(index), answers.set_index(index), _timings(rng, index, who, made_up))


def _assignment() -> tuple[np.ndarray, np.ndarray]:
    who = np.repeat(np.arange(INTERVIEWERS), 4 * IN_VILLAGE)
    four = [(person + np.array([0, 1, 5, 9])) % VILLAGES for person in range(INTERVIEWERS)]
    village = np.repeat(np.concatenate(four), IN_VILLAGE)
    return who, village


def _honest(rng: np.random.Generator, who: np.ndarray, village: np.ndarray) -> pd.DataFrame:
    rows = len(who)
    of_interviewer = 0.15 * rng.normal(size=INTERVIEWERS)[who % INTERVIEWERS]
    trait = rng.normal(size=rows) + 0.4 * rng.normal(size=VILLAGES)[village] + of_interviewer
    table = {}
    for name in SCALE:  # four in five are satisfied or very satisfied
        value = trait + rng.normal(0, 0.8, rows) + 1.3
        table[name] = 1 + (value > -1.2) + (value > -0.4) + (value > 0.3) + (value > 1.5)
    for name in AWARE:
        right = rng.random(rows) < 1 / (1 + np.exp(-(0.5 * trait + rng.normal(0, 0.3))))
        table[name] = np.where(right, 1, np.where(rng.random(rows) < 0.15, 97, 2 + (rng.random(rows) < 0.4)))
    for k, name in enumerate(FACTS):
        shares = rng.dirichlet(np.full(2 + k % 4, 2.0))
        table[name] = 1 + rng.choice(len(shares), size=rows, p=shares)
    return pd.DataFrame(table)


def _please(rng: np.random.Generator, answers: pd.DataFrame, who: np.ndarray) -> None:
    for name in [*SCALE, *AWARE]:
        turned = (who == PLEASER) & (rng.random(len(who)) < 0.6)
        answers.loc[turned, name] = 5 if name in SCALE else 1


def _invent(rng: np.random.Generator, answers: pd.DataFrame, rows: np.ndarray) -> None:
    for name in QUESTIONS:
        usual = answers[name].value_counts(normalize=True)
        shares = usual.to_numpy() ** 2 / (usual.to_numpy() ** 2).sum()  # makers-up know the typical, not the rare
        answers.loc[rows, name] = rng.choice(usual.index.to_numpy(), size=int(rows.sum()), p=shares)


def _copy(rng: np.random.Generator, answers: pd.DataFrame, rows: np.ndarray, own: np.ndarray) -> None:
    real = own[~rows[own]]
    for row in np.flatnonzero(rows):
        source = answers.iloc[int(rng.choice(real))]
        changed = rng.random(len(QUESTIONS)) < 0.1
        answers.loc[row, QUESTIONS] = np.where(changed, answers.loc[row, QUESTIONS], source[QUESTIONS])


def _places(rng: np.random.Generator, who: np.ndarray, village: np.ndarray, made_up: np.ndarray) -> pd.DataFrame:
    north, east = 34 + 0.1 * rng.random(VILLAGES), 108 + 0.1 * rng.random(VILLAGES)
    away = rng.normal(0, 0.003, (2, len(who)))
    table = pd.DataFrame({"who": who, "village": village, "v_lat": north[village], "v_lon": east[village]})
    table["lat"], table["lon"] = table["v_lat"] + away[0], table["v_lon"] + away[1]
    at_table = made_up & (who == COPIER)
    table.loc[at_table, ["lat", "lon"]] = np.array([34.5, 108.5]) + rng.normal(0, 0.00002, (int(at_table.sum()), 2))
    return table


def _times(rng: np.random.Generator, who: np.ndarray, made_up: np.ndarray) -> pd.DataFrame:
    day = np.tile(np.arange(4 * IN_VILLAGE) // 8, INTERVIEWERS)
    slot = np.tile(np.arange(4 * IN_VILLAGE) % 8, INTERVIEWERS)
    minutes = 8.5 * 60 + slot * 65 + rng.uniform(0, 20, len(who))
    lasted = rng.lognormal(np.log(25), 0.2, len(who)) * np.where(made_up, np.where(who == COPIER, 0.3, 0.5), 1)
    late = made_up & (who == COPIER) & (rng.random(len(who)) < 0.3)
    minutes = np.where(late, 21.5 * 60 + rng.uniform(0, 60, len(who)), minutes)
    begin = pd.Timestamp("2025-11-03") + pd.to_timedelta(day * 1440 + minutes, unit="m")
    return pd.DataFrame({"started": begin, "ended": begin + pd.to_timedelta(lasted, unit="m")})


def _amounts(rng: np.random.Generator, copied: np.ndarray) -> np.ndarray:
    amount = rng.gamma(4, 150, len(copied))
    to = np.where(rng.random(len(copied)) < 0.3, 10.0, 1.0)
    to = np.where(copied & (rng.random(len(copied)) < 0.8), 100.0, to)
    return np.maximum(np.round(amount / to) * to, 1)


def _timings(rng: np.random.Generator, index: pd.Index, who: np.ndarray, made_up: np.ndarray) -> pd.DataFrame:
    usual = rng.uniform(8, 40, len(QUESTIONS))
    pace = rng.lognormal(0, 0.15, INTERVIEWERS)[who % INTERVIEWERS] * np.where(
        made_up, np.where(who == COPIER, 0.25, 0.5), 1.0
    )
    seconds = usual * pace[:, None] * rng.lognormal(0, 0.4, (len(who), len(QUESTIONS)))
    rows, columns = np.indices(seconds.shape)
    names = {"interview": index.to_numpy()[rows.ravel()], "question": np.array(QUESTIONS)[columns.ravel()]}
    return pd.DataFrame({**names, "seconds": seconds.ravel()})
