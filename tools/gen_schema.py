#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gen_schema.py [OUT_FILE]: the JSON Schema (draft 2020-12) of one NDJSON record, of src/export/ndjson.def and metrics.def.

Without OUT_FILE it is printed. docs/ndjson.schema.json is this; tools/check_options keeps it so. Only the standard
library is used.
"""
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from gen_headers import fields, rows

SRC = Path(__file__).resolve().parent.parent / "src"
ROW = re.compile(r"^(FIELD|SHAPE|ROWS|MEMBER|CARRIED|REST)(?:\((.*)\))?\s*$")

NUMBER = {"type": ["number", "null"]}
INTEGER = {"type": ["integer", "null"]}
TEXT = {"type": ["string", "null"]}
BOOL = {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
FORMS = {"FLOAT": NUMBER, "TENTH": NUMBER, "INTEGER": INTEGER, "TEXT": TEXT, "VERDICT": BOOL, "PRESENT": BOOL,
         "WORD": {"type": ["string", "integer", "null"]}, "FLAG": {"type": ["boolean", "null"]},
         "THERMAL": {"enum": ["Nominal", "Fair", "Serious", "Critical", "Unknown"]}}
IDENTITY = {"ID_KEY": ("key", {"type": "string"}), "ID_NAME": ("name", {"type": "string"}),
            "ID_TIER": ("tier", {"type": "string"}), "ID_DIE": ("die", COUNT), "ID_CORES": ("cores", COUNT),
            "ID_INDEX": ("index", COUNT), "ID_PID": ("pid", COUNT)}


def closed(properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def array(items):
    return {"type": "array", "items": items}


CORE = closed({"index": COUNT, "active_pct": INTEGER, "freq_mhz": INTEGER})
PERCENTS = {"anyOf": [{"type": "null"}, closed({k: {"type": "integer", "minimum": 0, "maximum": 100}
                                                for k in ("idle", "low", "mid", "high")})]}
EVIDENCE = closed({"source": TEXT, "age_ms": NUMBER, "kind": {"enum": ["measured", "derived", "estimated", None]},
                   "state": {"enum": ["none", "ok", "stale", "frozen", "unsupported", "denied", "warming", "failed"]}})


class Lists:
    def __init__(self):
        self.units = {r[0]: r[1] for r in rows(SRC / "model/units.def", "UNIT")}
        self.metrics = {r[0]: r for r in rows(SRC / "model/metrics.def", "METRIC")}
        text = (SRC / "export/ndjson.def").read_text(encoding="utf-8")
        found = [ROW.match(line) for line in text.splitlines()]
        self.rows = [(m.group(1), fields(m.group(2) or "")) for m in found if m]
        self.carried = {r[3] for kind, r in self.rows if kind == "FIELD" and r[2] == "MACHINE"}
        self.carried |= {r[2] for kind, r in self.rows if kind == "MEMBER"}
        self.carried |= {r[0] for kind, r in self.rows if kind == "CARRIED"}

    def joined(self, key, unit):
        name, suffix = key.replace(".", "_"), self.units[unit]
        return name if not suffix or name.endswith("_" + suffix) else f"{name}_{suffix}"

    def plain(self, metric):
        """Schema of a metric no list names."""
        _, _, unit, kind = metric[:4]
        return TEXT if kind == "INFO" else FORMS["WORD"] if kind == "STATE" \
            else INTEGER if unit in ("BYTE", "EACH") else NUMBER

    def members(self, scope):
        return {r[1]: FORMS[r[0]] for kind, r in self.rows if kind == "MEMBER" and self.metrics[r[2]][4] == scope}

    def others(self, scope):
        """Metrics of a scope that no list names: there when some row has them."""
        found = {}
        for ident, metric in self.metrics.items():
            if metric[4] == scope and ident not in self.carried and metric[5] != "":
                key = metric[1].split(".", 1)[1]
                found[self.joined(key[4:] if key.startswith("one_") else key, metric[2])] = self.plain(metric)
        return found

    def row(self, scope, identity):
        required = dict(IDENTITY[i] for i in IDENTITY if i in identity) | self.members(scope)
        if "ID_RESIDENCY" in identity:
            required["residency"] = array(self.row("PSTATE", ""))
        object_ = closed(required)
        object_["properties"] = required | self.others(scope)
        return object_

    def shapes(self):
        return {
            "timestamp": {"type": "number"}, "ram_used_percent": {"type": ["number", "null"], "minimum": 0, "maximum": 100},
            "fans": array({"type": "array", "prefixItems": [{"type": "number"}, NUMBER], "minItems": 2, "maxItems": 2}),
            "fan_rpms": array({"type": "number"}), "fan_available": BOOL, "e_cores": array(CORE), "p_cores": array(CORE),
            "processes": array(self.process()), "ecpu_residency_pct": PERCENTS, "pcpu_residency_pct": PERCENTS,
            "gpu_residency_pct": PERCENTS, "schema": {"const": "actop/1"}, "seq": {"type": "integer", "minimum": 1},
            "battery": {"anyOf": [{"type": "null"}, self.row("BATTERY", "ID_NAME")]},
            "bottleneck": {"anyOf": [{"type": "null"}, closed({"verdict": TEXT, "because": TEXT, "confidence": NUMBER})]},
            "energy_j": {"type": "object", "additionalProperties": NUMBER},
        }

    def process(self):
        object_ = self.row("PROCESS", "ID_PID")
        object_["properties"] = object_["properties"] | {"cmdline": TEXT}
        return object_

    def record(self):
        shapes, keys = self.shapes(), {}
        for kind, r in self.rows:
            if kind == "FIELD":
                keys[r[1]] = FORMS[r[0]]
            elif kind == "SHAPE":
                keys[r[0]] = shapes[r[0]]
            elif kind == "ROWS":
                keys[r[0]] = array(self.row(r[1], r[2]))
            elif kind == "REST":
                for ident, metric in self.metrics.items():
                    if metric[4] == "MACHINE" and ident not in self.carried and metric[5] != "":
                        name = metric[5] if metric[5] != "NULL" else self.joined(metric[1], metric[2])
                        keys[name] = self.plain(metric)
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "One record of actop --json"}
        schema |= closed(keys)
        schema["properties"] = schema["properties"] | {"evidence": {"type": "object", "additionalProperties": EVIDENCE}}
        return schema


def text():
    return json.dumps(Lists().record(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    if len(sys.argv) == 2:
        Path(sys.argv[1]).write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
