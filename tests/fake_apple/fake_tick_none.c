/* SPDX-License-Identifier: MIT */
/* In the tests time passes only when the test says so. */
void fake_before_tick(void);

void fake_before_tick(void) {}
