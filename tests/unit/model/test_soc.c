/* SPDX-License-Identifier: MIT */
/* Reference figures of chips: rows of the table, the bins, and what a name nobody has seen gets. */
#include "lib/test.h"

#include "model/soc.h"

static void a_chip_gets_the_figures_of_its_row_or_of_the_newest_of_its_tier(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint32_t cores;
        enum soc_match match;
        double cpu_w, gpu_w, ane_w, gbps;
    } rows[] = {
        {"Apple M1", 8, SOC_EXACT, 20, 20, 8, 68},
        {"Apple M1 Ultra", 64, SOC_EXACT, 60, 120, 8, 800},
        {"Apple  M3   Max", 40, SOC_EXACT, 45, 75, 8, 400},
        {"Apple M3 Max", 30, SOC_EXACT, 45, 75, 8, 300},
        {"Apple M4 Max", 40, SOC_EXACT, 55, 90, 8, 546},
        {"Apple M4 Max", 32, SOC_EXACT, 55, 90, 8, 410},
        {"Apple M4 Max", 0, SOC_EXACT, 55, 90, 8, 546},
        {"Apple M5 Pro", 20, SOC_EXACT, 78, 40, 10, 307},
        {"Apple M5 Max", 32, SOC_EXACT, 78, 75, 12, 460},
        {"Apple M5 Max", 40, SOC_EXACT, 78, 75, 12, 614},
        {"Apple M5 Ultra", 80, SOC_EXACT, 95, 175, 18, 1200},
        {"Apple M6", 12, SOC_EXACT, 30, 25, 8, 170},
        {"Apple A18 Pro", 5, SOC_EXACT, 12, 12, 8, 60},
        {"Apple M1 (Virtual)", 0, SOC_EXACT, 20, 20, 8, 68},
        {"Apple M7", 0, SOC_TIER, 30, 25, 8, 170},
        {"Apple M6 Pro", 0, SOC_TIER, 78, 40, 10, 307},
        {"Apple M12 Max", 32, SOC_TIER, 78, 75, 12, 460},
        {"Apple M7 Ultra", 0, SOC_TIER, 95, 175, 18, 1200},
        {"Apple A19 Pro", 0, SOC_UNKNOWN, 30, 30, 8, 100},
        {"Apple Mx", 0, SOC_UNKNOWN, 30, 30, 8, 100},
        {"AMD Ryzen 7 5800X", 0, SOC_UNKNOWN, 30, 30, 8, 100},
        {"", 0, SOC_UNKNOWN, 30, 30, 8, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct soc soc = soc_find(rows[i].what, rows[i].cores);
        CHECK_ROW(soc.match == rows[i].match, rows[i].what);
        CHECK_ROW(soc.cpu_w == rows[i].cpu_w && soc.gpu_w == rows[i].gpu_w, rows[i].what);
        CHECK_ROW(soc.ane_w == rows[i].ane_w, rows[i].what);
        CHECK_ROW(soc.dram_bps == rows[i].gbps * 1e9, rows[i].what);
    }
    assert_int_equal(soc_find(NULL, 8).match, SOC_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chip_gets_the_figures_of_its_row_or_of_the_newest_of_its_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
