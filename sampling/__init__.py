"""Who is asked: sampling frames, designs, draws that anyone can redraw, sizes and allocations. Pure: no I/O.

>>> import pandas as pd
>>> roster = pd.DataFrame({"编号": [f"户{i:03d}" for i in range(300)], "类别": ["低保"] * 270 + ["特困"] * 30})
>>> frame = Frame.from_table(roster, unit_id="编号", strata=["类别"])
>>> total = sample_size(0.05, population=len(frame)).issue
>>> take = allocate(frame.populations, total, minimum=20)
>>> take
{('低保',): 149, ('特困',): 20}
>>> drawing = draw(frame, SampleDesign(take=take, reserve=5), seed="2026188")
>>> drawing.sample.groupby("类别")["weight"].sum().round(6).to_dict()
{'低保': 270.0, '特困': 30.0}
>>> verify(roster, drawing.certificate).sample.equals(drawing.sample)
True
"""

from sampling.allocation import allocate, allocate_budget
from sampling.certificate import UnitCheck, check_announced, check_unit, fingerprint, read_certificate, verify
from sampling.contradictions import RISK_WEIGHTS, contradictions, risk_scores
from sampling.coordination import (
    burden,
    burden_report,
    overlap,
    shifts_to_avoid,
    shifts_to_avoid_all,
    shifts_to_overlap,
)
from sampling.design import SampleDesign, Stage
from sampling.domains import PreciseAllocation, Precision, allocate_for_precision, domains
from sampling.drawing import Draw, announcement, draw
from sampling.engines import ParquetFrame, draw_parquet, verify_parquet
from sampling.errors import (
    AllocationError,
    CertificateError,
    DesignError,
    FrameError,
    FrameProblem,
    ReleaseError,
    SamplingError,
    SizeError,
)
from sampling.frame import Frame
from sampling.inclusion import JointInclusion, joint_inclusion
from sampling.methods import METHODS, Method
from sampling.options import Fieldwork, Plan, plan, plan_options, size_options
from sampling.persons import kish_chance, kish_person, kish_table, last_birthday, person_number, select_persons
from sampling.reserves import check_release, next_reserves, release, replicate_counts
from sampling.seeds import Seed
from sampling.size import (
    SampleSize,
    comparison_size,
    design_effect,
    discovery_size,
    half_width,
    relative_sample_size,
    sample_size,
    size_by_ratio,
    wilson_size,
)
from sampling.special import SpecialSample, back_checks, risk_sample, undercoverage_sample
from sampling.streams import draw_stream
from sampling.tickets import ticket, tickets, uniform

__all__ = [
    "METHODS",
    "RISK_WEIGHTS",
    "AllocationError",
    "CertificateError",
    "DesignError",
    "Draw",
    "Fieldwork",
    "Frame",
    "FrameError",
    "FrameProblem",
    "JointInclusion",
    "Method",
    "ParquetFrame",
    "Plan",
    "PreciseAllocation",
    "Precision",
    "ReleaseError",
    "SampleDesign",
    "SampleSize",
    "SamplingError",
    "Seed",
    "SizeError",
    "SpecialSample",
    "Stage",
    "UnitCheck",
    "allocate",
    "allocate_budget",
    "allocate_for_precision",
    "announcement",
    "back_checks",
    "burden",
    "burden_report",
    "check_announced",
    "check_release",
    "check_unit",
    "comparison_size",
    "contradictions",
    "design_effect",
    "discovery_size",
    "domains",
    "draw",
    "draw_parquet",
    "draw_stream",
    "fingerprint",
    "half_width",
    "joint_inclusion",
    "kish_chance",
    "kish_person",
    "kish_table",
    "last_birthday",
    "next_reserves",
    "overlap",
    "person_number",
    "plan",
    "plan_options",
    "read_certificate",
    "relative_sample_size",
    "release",
    "replicate_counts",
    "risk_sample",
    "risk_scores",
    "sample_size",
    "select_persons",
    "shifts_to_avoid",
    "shifts_to_avoid_all",
    "shifts_to_overlap",
    "size_by_ratio",
    "size_options",
    "ticket",
    "tickets",
    "undercoverage_sample",
    "uniform",
    "verify",
    "verify_parquet",
    "wilson_size",
]
