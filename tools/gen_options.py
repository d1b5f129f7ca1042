#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gen_options.py FORM [OUT_FILE]: what is made of src/cli/options.def, sections.def and commands.def besides the program.

FORM is md (docs/options.md), man (actop.1), bash, zsh or fish (completions). Without OUT_FILE it is printed.
Only the standard library is used.
"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from gen_headers import rows

ROOT = Path(__file__).resolve().parent.parent
CLI = ROOT / "src" / "cli"
NO_VALUE = ("SWITCH", "TOGGLE")


class Option:
    def __init__(self, fields):
        (self.id, self.kind, _, self.name, self.alias, value, _, _, self.default, self.section, self.places,
         self.help) = fields
        self.words = [w for w in value.split("|") if "=" not in w] if self.kind == "CHOICE" else []
        self.value = "" if self.kind in NO_VALUE else "WORD" if self.words else value

    def spellings(self):
        """Every long name, without the dashes."""
        names = [n for n in (self.name, self.alias) if n]
        return names + (["no-" + n for n in names] if self.kind == "TOGGLE" else [])

    def default_text(self):
        if self.kind == "TOGGLE":
            return "on" if self.default == "yes" else "off"
        return "" if self.kind == "SWITCH" else self.default

    def completes(self):
        """What a value is completed with: words, "file", "directory" or nothing."""
        if self.words:
            return self.words
        if self.kind == "SOURCE":
            return ["auto", "apple", "linux", "replay:", "sim:", "http://"]
        return {"FILE": "file", "DIR": "directory"}.get(self.value)


class Command:
    def __init__(self, fields):
        _, self.name, self.arguments, _, _, _, self.help = fields
        self.words = self.arguments.split("|") if re.fullmatch(r"[a-z]+(\|[a-z]+)+", self.arguments) else []


OPTIONS = [Option(r) for r in rows(CLI / "options.def", "OPTION")]
SECTIONS = [(r[0], r[1]) for r in rows(CLI / "sections.def", "SECTION")]
COMMANDS = [Command(r) for r in rows(CLI / "commands.def", "COMMAND")]
TYPED = [o for o in OPTIONS if o.places != "ENVIRONMENT"]


def shown():
    """(heading, options) of each section that has a heading."""
    for ident, heading in SECTIONS:
        found = [o for o in OPTIONS if o.section == ident]
        if heading and found:
            yield heading, found


# ---- docs/options.md ----------------------------------------------------------------------------------------------


def md():
    lines = ["# Options", "",
             "Made from `src/cli/options.def` and `src/cli/commands.def` by `tools/check_options --fix`; edit those lists.", "",
             "    actop [options]", "    actop COMMAND [options]", "",
             "On a terminal `actop` opens the screen; otherwise it prints one plain report. Every option but those marked",
             "*command line* may also stand as a line `name = value` in `$XDG_CONFIG_HOME/actop/config` (default",
             "`~/.config/actop/config`; `#` begins a comment line) and in the environment as `ACTOP_NAME`, in capitals and with",
             "`_` for `-`. The command line wins over the environment, and that over the file. An unknown name in the file, or a",
             "bad value anywhere, ends the program with status 2 and a sentence that names the place.", "",
             "## Commands", "", "| command | what it does |", "|---|---|"]
    lines += [f"| `{c.name}{' ' + c.arguments if c.arguments else ''}` | {c.help} |" for c in COMMANDS]
    for heading, options in shown():
        lines += ["", f"## {heading}", "", "| option | values | default | |", "|---|---|---|---|"]
        for o in options:
            names = ", ".join(f"`--{n}`" for n in o.spellings())
            values = " ".join(f"`{w}`" for w in o.words) or o.value
            place = " (*command line*)" if o.places == "COMMAND_LINE" else ""
            default = f"`{o.default_text()}`" if o.default_text() else ""
            lines.append(f"| {names} | {values} | {default} | {o.help}{place} |")
    lines += ["", "## Exit status", "", "| status | when |", "|---|---|",
              "| 0 | all well; also when the reader of a stream has gone, at the end of a recording, and on SIGTERM |",
              "| 1 | something failed; `doctor`: something is denied or failed; `wait`: timed out; `assert`: broken |",
              "| 2 | a mistake in what was asked for; `doctor`: nothing is readable |",
              "| 130 | ended by Ctrl-C; `wait`: 128 + any signal that ended it |",
              "| other | `assert`: the command's own, 128 + signal, 127 not found, 126 cannot be run ([conditions.md](conditions.md)) |"]
    hidden = [o for o in OPTIONS if o.places == "ENVIRONMENT"]
    lines += ["", "## Environment only", ""]
    lines += [f"- `ACTOP_{o.name.upper().replace('-', '_')}`: {o.help}" for o in hidden]
    return "\n".join(lines) + "\n"


# ---- the man page -------------------------------------------------------------------------------------------------


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\\&" + text if text.startswith(".") else text


def man_option(o):
    names = ", ".join(f"\\fB\\-\\-{roff(n)}\\fR" for n in o.spellings())
    if o.id == "HELP":
        names = "\\fB\\-h\\fR, " + names
    value = f" \\fI{'|'.join(roff(w) for w in o.words) or roff(o.value)}\\fR" if o.value else ""
    default = f" Default: {roff(o.default_text())}." if o.default_text() else ""
    return [".TP", names + value, roff(o.help) + default]


def man():
    version = (ROOT / "VERSION").read_text().strip()
    lines = [f'.TH ACTOP 1 "" "actop {roff(version)}" "User Commands"', ".SH NAME",
             "actop \\- watch a whole chip: cores, GPU, power, temperatures, memory, disks, processes", ".SH SYNOPSIS",
             ".B actop", ".RI [ options ]", ".br", ".B actop", ".I command", ".RI [ options ]", ".SH DESCRIPTION",
             "Without root and in process, actop reads what CPU clusters and cores, GPU, Neural Engine, memory, power rails,",
             "sensors, fans, network, disks and processes do.",
             "On a terminal it opens the screen; otherwise it prints one plain report.",
             "What cannot be read is shown as absent, never as 0.", ".SH COMMANDS"]
    for c in COMMANDS:
        argument = f" \\fI{roff(c.arguments)}\\fR" if c.arguments else ""
        lines += [".TP", f"\\fB{roff(c.name)}\\fR{argument}", roff(c.help)]
    lines.append(".SH OPTIONS")
    for heading, options in shown():
        lines.append(f".SS {heading}")
        for o in options:
            lines += man_option(o)
    lines += [".SH FILES", ".TP", ".I $XDG_CONFIG_HOME/actop/config",
              "Options as lines \\(lqname = value\\(rq; \\(lq#\\(rq begins a comment line.",
              "Without XDG_CONFIG_HOME it is \\fI~/.config/actop/config\\fR.", ".SH ENVIRONMENT", ".TP", ".B ACTOP_NAME",
              "The option \\fB\\-\\-name\\fR, in capitals and with \\(lq_\\(rq for \\(lq\\-\\(rq. The command line wins over the",
              "environment, and that over the file.", ".SH EXIT STATUS", ".TP", ".B 0", "All well.", ".TP", ".B 1",
              "Something failed; with wait: timed out, with assert: broken.", ".TP", ".B 2", "A mistake in what was asked for.", ".TP", ".B 130", "Ended by Ctrl\\-C; wait gives 128 + any signal that ended it.",
              ".TP", ".B other", "With assert the command's own: 128 + signal, 127 not found, 126 cannot be run.",
              ".SH EXAMPLES", ".nf", "actop \\-\\-json \\-\\-interval 1 | jq .package_watts",
              "actop record yesterday.actop", "actop replay yesterday.actop", "actop doctor", ".fi"]
    return "\n".join(lines) + "\n"


# ---- completions --------------------------------------------------------------------------------------------------


def bash_value(o):
    what = o.completes()
    names = "|".join("--" + n for n in o.spellings())
    if what in ("file", "directory"):
        flag = "-f" if what == "file" else "-d"
        return f'    {names}) mapfile -t COMPREPLY < <(compgen {flag} -- "$cur"); return ;;'
    if what:
        return f'    {names}) mapfile -t COMPREPLY < <(compgen -W "{" ".join(what)}" -- "$cur"); return ;;'
    return f"    {names}) return ;;"


def bash():
    names = " ".join("--" + n for o in TYPED for n in o.spellings())
    commands = " ".join(c.name for c in COMMANDS)
    values = "\n".join([bash_value(o) for o in TYPED if o.value] + [
        f'    {c.name}) mapfile -t COMPREPLY < <(compgen -W "{" ".join(c.words)}" -- "$cur"); return ;;'
        for c in COMMANDS if c.words])
    return f"""# SPDX-License-Identifier: MIT
# bash completion for actop; made by tools/gen_options.py.
_actop() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}}
    COMPREPLY=()
    # Bash takes --option=value apart: the option, "=", the value.
    if [ "$cur" = = ]; then cur=; elif [ "$prev" = = ]; then prev=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
    case $prev in
{values}
    esac
    case $cur in
    -*) mapfile -t COMPREPLY < <(compgen -W "{names}" -- "$cur") ;;
    *)
        if [ "$COMP_CWORD" -eq 1 ]; then
            mapfile -t COMPREPLY < <(compgen -W "{commands}" -- "$cur")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        fi
        ;;
    esac
}}
complete -F _actop actop
"""


def zsh_escape(text):
    return re.sub(r"([\[\]:'\\])", r"\\\1", text).replace("\\'", "'\\''")


def zsh_option(o, name):
    what = o.completes()
    action = ""
    if o.value:
        how = {"file": "_files", "directory": "_files -/"}.get(what) if isinstance(what, str) else None
        if how is None:
            how = "(" + " ".join(w.replace(":", "\\:") for w in what) + ")" if what else " "
        action = f":{o.value.lower()}:{how}"
    several = "*" if o.kind == "LIST" else ""
    equals = "=" if o.value else ""
    return f"    '{several}--{name}{equals}[{zsh_escape(o.help)}]{action}' \\"


def zsh():
    options = "\n".join(zsh_option(o, n) for o in TYPED for n in o.spellings())
    commands = " ".join(f"'{c.name}:{zsh_escape(c.help)}'" for c in COMMANDS)
    cases = "\n".join(f"        {c.name}) compadd -- {' '.join(c.words)}; return ;;" for c in COMMANDS if c.words)
    return f"""#compdef actop
# SPDX-License-Identifier: MIT
# zsh completion for actop; made by tools/gen_options.py.
_actop_commands() {{
    local -a commands=({commands})
    _describe command commands
}}
_actop_arguments() {{
    local word
    for word in $words; do
        case $word in
{cases}
        esac
    done
    _files
}}
_arguments -s \\
{options}
    '1::command:_actop_commands' \\
    '*:argument:_actop_arguments'
"""


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish():
    lines = ["# SPDX-License-Identifier: MIT", "# fish completion for actop; made by tools/gen_options.py.",
             "complete -c actop -f"]
    for c in COMMANDS:
        lines.append(f"complete -c actop -n __fish_use_subcommand -a {c.name} -d {fish_quote(c.help)}")
        if "FILE" in c.arguments:
            lines.append(f"complete -c actop -n '__fish_seen_subcommand_from {c.name}' -F")
        if c.words:
            lines.append(f"complete -c actop -n '__fish_seen_subcommand_from {c.name}' -a {fish_quote(' '.join(c.words))}")
    for o in TYPED:
        what = o.completes()
        value = ""
        if o.value:  # -x: no file is a value of it
            value = " -r -F" if what in ("file", "directory") else " -x" + (f" -a {fish_quote(' '.join(what))}" if what else "")
        lines += [f"complete -c actop -l {n}{value} -d {fish_quote(o.help)}" for n in o.spellings()]
    return "\n".join(lines) + "\n"


FORMS = {"md": md, "man": man, "bash": bash, "zsh": zsh, "fish": fish}


def main(argv):
    if len(argv) not in (1, 2) or argv[0] not in FORMS:
        sys.exit(__doc__)
    text = FORMS[argv[0]]()
    if len(argv) == 1:
        sys.stdout.write(text)
    else:
        Path(argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
