/* SPDX-License-Identifier: MIT */
/* The Apple decoder: the parts of apple_parts.def. */
#include "decode/apple/apple.h"

#define PART(name) extern const struct decode_part decode_part_##name;
#include "decode/apple_parts.def"
#undef PART

static const struct decode_part *const parts[] = {
#define PART(name) &decode_part_##name,
#include "decode/apple_parts.def"
#undef PART
};

static const struct decode_platform platform = {
    .parts = parts,
    .n_parts = sizeof parts / sizeof parts[0],
    .has_invalid = true,
    .invalid = APPLE_INVALID,
};

static struct decoder *apple_create(void)
{
    return decode_parts_create(&platform);
}

const struct decode_ops decode_apple = {
    .platform = "apple",
    .create = apple_create,
    .step = decode_parts_step,
    .clone = decode_parts_clone,
    .notes = decode_parts_notes,
    .destroy = decode_parts_destroy,
};
