"""Who is asked: sampling frames, designs, draws that anyone can redraw, sizes and allocations. Pure: no I/O."""

from sampling.allocation import allocate
from sampling.certificate import read_certificate, verify
from sampling.design import SampleDesign
from sampling.drawing import Draw, draw
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
from sampling.reserves import next_reserves, release
from sampling.seeds import Seed
from sampling.size import SampleSize, design_effect, half_width, sample_size, size_by_ratio
from sampling.tickets import ticket, tickets, uniform

__all__ = [
    "AllocationError",
    "CertificateError",
    "DesignError",
    "Draw",
    "Frame",
    "FrameError",
    "FrameProblem",
    "ReleaseError",
    "SampleDesign",
    "SampleSize",
    "SamplingError",
    "Seed",
    "SizeError",
    "allocate",
    "design_effect",
    "draw",
    "half_width",
    "next_reserves",
    "read_certificate",
    "release",
    "sample_size",
    "size_by_ratio",
    "ticket",
    "tickets",
    "uniform",
    "verify",
]
