"""What a satisfied household answers on the telephone."""

from __future__ import annotations

INTERVIEW = {
    "t3_id": "1",
    "t4_who": "1",
    "t5_minor": "2",
    "t6_consent": "1",
    "t7_audio": "2",
    "t8_spi": "2",
    **dict.fromkeys(["t_aw_type", "t_aw_std", "t_aw_duty", "t_aw_temp", "t_aw_hotline"], "1"),
    "t11_home": "1",
    "t12_notice": "1",
    **dict.fromkeys(["t_sat_process", "t_sat_open", "t_sat_pay", "t_sat_staff", "t_sat_level", "t_sat_overall"], "5"),
    "t19_back": "2",
    "t22_infl": "1",
}
