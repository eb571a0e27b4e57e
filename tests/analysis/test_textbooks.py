"""Examples of the textbooks, from data that stand here, so that every figure can be worked again by hand.

Cochran: Sampling Techniques, 3rd edition, Wiley 1977. Lohr: Sampling: Design and Analysis, 2nd edition, Brooks/Cole
2010. Särndal, Swensson and Wretman: Model Assisted Survey Sampling, Springer 1992. Chapters and sections are named, not
pages: they differ between printings.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign
from analysis.weighting import nonresponse_weights

PETITION = {
    42: 23, 41: 4, 36: 1, 32: 1, 29: 1, 27: 2, 23: 1, 19: 1, 16: 2, 15: 2,
    14: 1, 11: 1, 10: 1, 9: 1, 7: 1, 6: 3, 5: 2, 4: 1, 3: 1,
}  # fmt: skip


def test_cochran_signatures_of_a_petition():
    # chapter 2, on confidence limits: 50 of 676 sheets, signatures by sheet; Σy = 1471, Σy² = 54,497, s = 15.13
    y = np.repeat(list(PETITION), list(PETITION.values()))
    assert (len(y), y.sum(), (y**2).sum()) == (50, 1471, 54_497)
    found = SurveyDesign(pd.DataFrame({"y": y, "N": 676}), population="N").totals("y").frame.iloc[0]
    assert found["estimate"] == pytest.approx(19_888, abs=0.5)
    # his 80 % limits, 18,107 and 21,669, by the normal quantile 1.28
    assert [found["estimate"] + z * found["se"] for z in (-1.28, 1.28)] == pytest.approx([18_107, 21_669], abs=2)


def test_cochran_wrong_addresses_of_a_list():
    # chapter 3, on sampling for proportions: 38 of 200 names wrong, from a list of 3042: 578 with standard error 81.8
    frame = pd.DataFrame({"wrong": [1] * 38 + [0] * 162, "N": 3042})
    found = SurveyDesign(frame, population="N").totals("wrong").frame.iloc[0]
    assert found["estimate"] == pytest.approx(578, abs=0.1)
    assert found["se"] == pytest.approx(np.sqrt(3042 * 2842 * 0.19 * 0.81 / 199))
    assert found["se"] == pytest.approx(81.8, abs=0.05)


def test_lohr_every_sample_of_a_population_of_eight():
    # chapter 2: y = 1, 2, 4, 4, 7, 7, 7, 8; the 70 samples of 4 have the mean 40 and the variance 54.86
    population = np.array([1.0, 2, 4, 4, 7, 7, 7, 8])
    estimates, variances = [], []
    for chosen in combinations(range(8), 4):
        frame = pd.DataFrame({"y": population[list(chosen)], "N": 8})
        row = SurveyDesign(frame, population="N").totals("y").frame.iloc[0]
        estimates.append(row["estimate"])
        variances.append(row["se"] ** 2)
    assert len(estimates) == 70
    assert np.mean(estimates) == pytest.approx(40)
    assert np.var(estimates) == pytest.approx(64 * 0.5 * (48 / 7) / 4)
    assert np.mean(variances) == pytest.approx(54.86, abs=0.005)


def with_moments(mean, variance, n):
    """n numbers with exactly this mean and this variance (divisor n - 1)."""
    z = np.arange(n) - (n - 1) / 2
    return mean + z * np.sqrt(variance / z.var(ddof=1))


def test_lohr_acres_of_farms_in_four_regions():
    # chapter 3, the stratified sample of the census of agriculture, of which the mean and the variance of every
    # region are printed: 909,736,034 acres with standard error 50,417,248
    regions = {
        "Northeast": (220, 21, 97_629.8, 7_647_472_708),
        "North Central": (1054, 103, 300_504.2, 29_618_183_543),
        "South": (1382, 135, 211_315.0, 53_587_487_856),
        "West": (422, 41, 662_295.5, 396_185_950_266),
    }
    frame = pd.concat(
        [
            pd.DataFrame({"region": name, "N": size, "acres": with_moments(mean, variance, n)})
            for name, (size, n, mean, variance) in regions.items()
        ]
    )
    bound = SurveyDesign(frame, stratum="region", population="N")
    total, mean = bound.totals("acres").frame.iloc[0], bound.means("acres").frame.iloc[0]
    assert total["estimate"] == pytest.approx(909_736_034, rel=1e-6)
    assert total["se"] == pytest.approx(50_417_248, rel=1e-6)
    assert [mean["estimate"], mean["se"]] == pytest.approx([295_561, 16_380], rel=1e-5)


def test_lohr_grade_points_of_five_suites():
    # chapter 5, clusters of equal size: 5 of 100 suites of 4 students; totals 12.16 11.36 8.96 12.96 11.08, whose
    # variance is 2.256: mean 2.826, standard error 0.164
    suites = [
        [3.08, 2.60, 3.44, 3.04], [2.36, 3.04, 3.28, 2.68], [2.00, 2.56, 2.52, 1.88],
        [3.00, 2.88, 3.44, 3.64], [2.68, 1.92, 3.28, 3.20],
    ]  # fmt: skip
    frame = pd.DataFrame({"gpa": np.ravel(suites), "suite": np.repeat(range(5), 4), "suites": 100})
    bound = SurveyDesign(frame, cluster="suite", population="suites")
    found = bound.means("gpa").frame.iloc[0]
    assert found["estimate"] == pytest.approx(2.826, abs=0.0005)
    assert found["se"] == pytest.approx(np.sqrt((1 - 5 / 100) * 2.256 / (5 * 16)), abs=0.0001)
    assert found["se"] == pytest.approx(0.164, abs=0.0005)
    assert bound.totals("gpa").frame["estimate"].iloc[0] == pytest.approx(1130.4)


def students():
    """400 of 4000 students: 84 of 240 women and 40 of 160 men plan to teach."""
    return pd.DataFrame(
        {"sex": ["w"] * 240 + ["m"] * 160, "teach": [1] * 84 + [0] * 156 + [1] * 40 + [0] * 120, "N": 4000}
    )


def test_lohr_students_who_plan_to_teach_after_post_stratification():
    # chapter 4, on post-stratification: of 2700 women and 1300 men 1270 plan to teach, not 1240
    bound = SurveyDesign(students(), population="N")
    assert bound.totals("teach").frame["estimate"].iloc[0] == pytest.approx(1240)
    found = bound.poststratify("sex", {"w": 2700, "m": 1300}).totals("teach").frame.iloc[0]
    assert found["estimate"] == pytest.approx(1270)
    # residuals times g = 2700/2400 and 1300/1600 (Särndal, Swensson and Wretman, section 7.6):
    # Σ(ge)² = 1.125² 240 (.35)(.65) + .8125² 160 (.25)(.75) = 88.908; V = 4000² (1 - .1)/400 · 88.908/399 = 8021.8
    assert found["se"] ** 2 == pytest.approx(8021.8, abs=0.1)


def test_lohr_raking_of_sex_by_race():
    # chapter 8, on raking: sums of weights of a sample, to the known margins of women and men, and of five races
    cells = {"F": [300, 1200, 60, 30, 30], "M": [150, 1080, 90, 30, 30]}
    frame = pd.DataFrame(
        [(sex, race, w) for sex, row in cells.items() for race, w in enumerate(row)], columns=["s", "r", "w"]
    )
    bound = SurveyDesign(frame, weight="w").rake(
        {"s": {"F": 1510, "M": 1490}, "r": dict(enumerate([600, 2120, 150, 100, 30]))}
    )
    wanted = [375.59, 1021.47, 53.72, 45.56, 13.67, 224.41, 1098.53, 96.28, 54.44, 16.33]
    assert bound.weights == pytest.approx(wanted, abs=0.011)


def test_lohr_weighting_classes_by_age():
    # chapter 8, on weighting-class adjustment: drawn and answered by age, and the sums of weights of the drawn;
    # the factors are 1.629, 1.1765, 1.1111, 1.0428 and 1
    sizes = {"15-24": (202, 124), "25-34": (220, 187), "35-44": (180, 162), "45-64": (195, 187), "65+": (203, 203)}
    drawn = {"15-24": 30_322, "25-34": 33_013, "35-44": 27_046, "45-64": 29_272, "65+": 30_451}
    cases = pd.concat(
        [
            pd.DataFrame({"age": age, "w": drawn[age] / n, "answered": [True] * came + [False] * (n - came)})
            for age, (n, came) in sizes.items()
        ],
        ignore_index=True,
    )
    found = nonresponse_weights(cases, weight="w", responded="answered", classes="age")
    assert found.report["factor"].tolist() == pytest.approx([1.629, 1.1765, 1.1111, 1.0428, 1], abs=0.0001)
    assert found.weights.sum() == pytest.approx(sum(drawn.values()))


def test_sarndal_the_mean_of_a_domain_of_a_simple_random_sample():
    # Särndal, Swensson and Wretman, section 10.3: with n_d of n in the domain and s_d² their variance,
    # V = (1 - f)/n · (n/n_d)² · (n_d - 1)/(n - 1) · s_d²
    y = np.array([3.0, 5, 8, 4, 1, 2, 2, 9, 7, 9])
    frame = pd.DataFrame({"y": y, "d": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], "N": 50})
    found = SurveyDesign(frame, population="N").means("y", by="d").frame.iloc[1]
    by_hand = (1 - 10 / 50) / 10 * (10 / 4) ** 2 * 3 / 9 * np.var([3, 5, 8, 4], ddof=1)
    assert found["estimate"] == pytest.approx(5)
    assert found["se"] ** 2 == pytest.approx(by_hand)


def test_sarndal_the_regression_estimator_worked_by_hand():
    # Särndal, Swensson and Wretman, chapter 6: y on a constant and x; n = 5 of N = 50, known mean of x 3.8.
    # x = 1 2 3 4 5, y = 2 4 5 4 5: slope 0.6, mean of y 4, so that the mean is 4 + 0.6 (3.8 - 3) = 4.48, total 224;
    # residuals -0.8 0.6 1 -0.6 -0.2 by g = 1 + 0.8 (x - 3)/2 = 0.2 0.6 1 1.4 1.8
    frame = pd.DataFrame({"x": [1.0, 2, 3, 4, 5], "y": [2.0, 4, 5, 4, 5], "one": 1.0, "N": 50})
    bound = SurveyDesign(frame, population="N").calibrate(["one", "x"], {"one": 50, "x": 190})
    found = bound.totals("y").frame.iloc[0]
    assert found["estimate"] == pytest.approx(224)
    assert bound.weights / 10 == pytest.approx([0.2, 0.6, 1, 1.4, 1.8])
    by_hand = 50**2 * (1 - 5 / 50) / 5 * np.var([-0.16, 0.36, 1, -0.84, -0.36], ddof=1)
    assert found["se"] ** 2 == pytest.approx(by_hand)
