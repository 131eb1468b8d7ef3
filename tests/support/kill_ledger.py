"""The ledger of tests/cluster/torture.py: which kills hit a job that ran, by the
master's event log, and what it took to go on."""
import bisect
import re
import statistics
import time

ROLES = ("worker", "server", "master")
WAYS = ("kill", "stop", "stop_kill")


def now_ms():
    return time.time_ns() // 1_000_000


class Kill:
    def __init__(self, role, name, way, ms):
        self.role, self.name, self.way, self.ms = role, name, way, ms


def job_times(events):
    """Of each job that ran: from its start to its end, in ms."""
    begun, out = {}, []
    for event in events:
        job, kind = event["job"], event["event"]
        if kind == "job_started":
            begun[job] = event["time_ms"]
        elif kind in ("job_done", "job_failed", "job_cancelled"):
            if job in begun:
                out.append((begun.pop(job), event["time_ms"]))
    return out


def worker_of(event):
    """The number in "leaves 0-4 of step 7 of worker 3 are leased again"."""
    found = re.search(r" of worker (\d+) ", event["text"])
    return int(found.group(1)) if found else 0


class Ledger:
    def __init__(self):
        self.kills = {role: dict.fromkeys(WAYS, 0) for role in ROLES}
        self.recoveries = {role: 0 for role in ROLES}
        self.seconds = {role: [] for role in ROLES}
        self.missed = self.models = self.runs = self.lost = self.anew = 0

    def count(self):
        return sum(sum(ways.values()) for ways in self.kills.values())

    def add(self, kills, events, models):
        """One run. Each kill is judged by the event log alone."""
        times = job_times(events)
        self.runs += 1
        self.models += models
        self.lost += sum(e["event"] == "model_lost" and
                         "held a part" in e["text"] for e in events)
        names = {e["node"]: e["text"].split(" ")[0] for e in events
                 if e["event"].endswith("_joined")}
        for kill in kills:
            if any(begin < kill.ms < end for begin, end in times):
                self.kills[kill.role][kill.way] += 1
            else:
                self.missed += 1
        self.add_recoveries(kills, events, names)

    def add_recoveries(self, kills, events, names):
        """What went on after which kill: the newest before it of its role (of
        that very process, where the log names one)."""
        by_role = {role: [k for k in kills if k.role == role]
                   for role in ROLES}
        gone = None  # the kill that took a server whose job starts again
        for event in events:
            kind, ms = event["event"], event["time_ms"]
            if kind == "leases_released":
                mine = [k for k in by_role["worker"]
                        if k.name == names.get(worker_of(event))]
                self.went_on("worker", mine, ms)
            elif kind == "job_restarted":
                self.anew += "from version 0 " in event["text"]
                mine = [k for k in by_role["server"]
                        if k.name == event["text"].split(" ")[0]]
                gone = gone or mine
            elif kind in ("job_started", "job_resumed") and gone is not None:
                self.went_on("server", gone, ms)
                gone = None
            elif kind == "master_started":
                mine = [k for k in by_role["master"] if k.way != "stop"]
                self.went_on("master", mine, ms)

    def went_on(self, role, kills, ms):
        before = bisect.bisect_left([kill.ms for kill in kills], ms)
        if before == 0:
            return
        self.recoveries[role] += 1
        self.seconds[role].append((ms - kills[before - 1].ms) / 1000)

    def table(self, seconds):
        what = {"worker": "leaves leased again", "server": "rollbacks",
                "master": "restarts with the journal"}
        lines = [
            "| role | SIGKILL | SIGSTOP | SIGSTOP, then SIGKILL | recoveries |"
            " seconds lost: median | worst |",
            "| --- | --- | --- | --- | --- | --- | --- |"]
        for role in ROLES:
            lost = self.seconds[role]
            figures = (f"{statistics.median(lost):.2f} | {max(lost):.2f}"
                       if lost else "- | -")
            ways = " | ".join(str(self.kills[role][way]) for way in WAYS)
            lines.append(f"| {role} | {ways} | {self.recoveries[role]} "
                         f"{what[role]} | {figures} |")
        lines += [
            "",
            f"{self.count()} kills that hit a running job, in {self.runs} runs "
            f"and {seconds:.0f} s; {self.models} models, all with the bits of "
            f"the calm ones.",
            f"{self.anew} rollbacks went to version 0, the others to a "
            f"checkpoint; {self.lost} models were lost with a server after "
            f"their job was done; {self.missed} kills hit no job, and do not "
            f"count."]
        return "\n".join(lines)
