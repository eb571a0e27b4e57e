"""A city of 400,200 rows in forty township files, and the journey on it: rosters, frame, sample."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from survey_server.demo.rosters import city
from survey_server.demo.small import SEED, answer_part, demonstration_cast
from survey_server.fieldwork.drawing import draw_cases
from survey_server.fieldwork.service import assign_evenly
from survey_server.rosters.prepare import Source
from survey_server.rosters.service import import_files
from survey_server.samples.service import propose, strata_of
from survey_server.studies.forms import publish_shipped
from survey_server.studies.models import Purpose, Study
from survey_server.studies.service import add_place, create_study
from survey_server.work import Services

PRECISION, MINIMUM, RESERVE = 0.02, 100, 0.2


def run_city(services: Services, out: Console) -> Study:
    """Write the rosters, import them, draw, share out, answer a part."""
    folder = services.settings.folder / "city"
    out.print("正在写出四十个乡镇的名册…… · writing forty township rosters …")
    paths = city(folder)
    cast = demonstration_cast(services, out)
    with services.write(cast["pingjia"]) as work:
        study = create_study(
            work,
            name="柳江市社会救助绩效评价（演示）",
            client="柳江市民政局",
            company="某某社会评价中心",
            hotline="0599-0000000",
        )
        publish_shipped(work, study)
        add_place(work, study, label="柳江市政务服务中心", county="南江区", purpose=Purpose.PUBLIC)
    _import(services, study, paths, out)
    _draw(services, study, out)
    with services.write(cast["pingjia"]) as work:
        people = [cast["fangyuan1"].id, cast["fangyuan2"].id]
        assign_evenly(work, study.id, [person for person in people if person])
    answer_part(services, study, cast)
    return study


def _import(services: Services, study: Study, paths: list[Path], out: Console) -> None:
    sources = [Source(path.name, path.read_bytes) for path in paths]
    began = time.perf_counter()
    with Progress(console=out) as bar:
        task = bar.add_task("导入名册 · importing", total=len(sources))
        done = import_files(
            services, study.id, sources, progress=lambda files, _all, _name: bar.update(task, completed=files)
        )
    out.print(f"{done.report.get('rows', '')} 行 · rows, {time.perf_counter() - began:.1f} s")


def _draw(services: Services, study: Study, out: Console) -> None:
    began = time.perf_counter()
    with services.write() as work:
        strata = propose(strata_of(work, study.id), precision=PRECISION, minimum=MINIMUM, reserve_share=RESERVE)
        draw_cases(
            work,
            work.session.get_one(Study, study.id),
            takes={stratum.key: stratum.take for stratum in strata},
            reserves={stratum.key: stratum.reserve for stratum in strata},
            seed=SEED,
            seed_source="演示",
        )
    taken = sum(stratum.take for stratum in strata)
    out.print(f"抽样 {taken} 户 · drawn, {time.perf_counter() - began:.1f} s")
