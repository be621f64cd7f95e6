"""Plays what AWS plays between the product's parts, out of the app's own declarations; no name is repeated here.

* `@app.on_sqs_message`: long polling; delete on success; what raised stays until its visibility lapses, is delivered
  again, and goes to the dead-letter queue after too many receives (all of which the queue does).
* `@app.on_s3_event` and `@app.on_cw_event`: the bucket's notification, or the bus's rule, puts its events on a private
  queue, called again twice as Lambda does with an asynchronous call.
* `@app.schedule`: the clock.
* EventBridge Scheduler: moto stores one-time schedules; at their time their input is sent to their queue.

`python -m local.pump [--only NAME] [--except NAME]` works until SIGTERM, and ends when what it holds is done. A name is
a function's, or `scheduler`. In tests, `Pump(app, aws, clock).drain()` delivers whatever is deliverable now until
nothing moves.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import click
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, CloudWatchEventConfig, S3EventConfig, ScheduledEventConfig, SQSEventConfig

from chalicelib.config import Settings
from chalicelib.telemetry import logger
from local.aws import Aws
from local.project import chalice_config, load_app
from local.sources import (
    Clock,
    ClockSource,
    Functions,
    OneTimeSchedules,
    OnFailure,
    Source,
    queue_source,
    rule_source,
    upload_source,
)

_POLL_S = 1
_AWAY_S = 1.0


def system_clock() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


def log_failure(name: str, error: Exception) -> None:
    """One line that says which function raised what, and where; the text of the error may hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"  # noqa: PTH119
    logger.error("function_failed", extra={"function": name, "kind": type(error).__name__, "where": where})


def source_names(app: Chalice) -> set[str]:
    """What a pump of the app can serve: the functions that something wakes up, and the scheduler."""
    return {config.name for config in app.event_sources} | {OneTimeSchedules.name}


class Pump:
    """The sources of an app's functions, all or some of them."""

    def __init__(
        self,
        app: Chalice,
        aws: Aws,
        clock: Clock = system_clock,
        *,
        names: Collection[str] | None = None,
        on_failure: OnFailure = log_failure,
    ) -> None:
        self._app = app
        self._aws = aws
        self._clock = clock
        self._on_failure = on_failure
        self._functions = Functions(app, chalice_config(os.environ.get("STAGE", "dev")), on_failure)
        self.sources = list(self._chosen(names))

    def drain(self) -> int:
        """Deliver all that is deliverable now, and what follows from it; how many deliveries were tried."""
        total = 0
        while moved := sum(source.deliver(wait_s=0) for source in self.sources):
            total += moved
        return total

    def run(self, stop: threading.Event) -> None:
        """Deliver as things come, a thread a source, until `stop`; what is being dealt with then is finished first.

        Clocks strike at once: what was not woken while everything was down does not wait for the first minute.
        A source that breaks stops the others too: half a pump would look like a whole one.
        """
        for source in self.sources:
            if isinstance(source, ClockSource):
                source.strike()
        threads = [
            threading.Thread(target=self._serve, args=(source, stop), name=source.name) for source in self.sources
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _serve(self, source: Source, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                stop.wait(self._deliver(source))
        finally:
            stop.set()

    def _deliver(self, source: Source) -> float:
        """Let a source deliver; how long to leave it alone then, in seconds."""
        try:
            return 0.0 if source.deliver(_POLL_S) else source.idle_s
        except (BotoCoreError, ClientError) as error:
            # AWS is away or restarting; what was not deleted will be delivered again.
            self._on_failure(source.name, error)
            return _AWAY_S

    def _chosen(self, names: Collection[str] | None) -> Iterator[Source]:
        every = source_names(self._app)
        wanted = every if names is None else set(names)
        if unknown := wanted - every:
            raise ValueError(f"no such source: {', '.join(sorted(unknown))}; there are {', '.join(sorted(every))}")
        yield from (self._source(config) for config in self._app.event_sources if config.name in wanted)
        if OneTimeSchedules.name in wanted:
            yield OneTimeSchedules(self._aws, self._clock, self._on_failure)

    def _source(self, config: object) -> Source:
        match config:
            case SQSEventConfig():
                return queue_source(self._functions, self._aws, config)
            case S3EventConfig():
                return upload_source(self._functions, self._aws, config)
            case CloudWatchEventConfig():
                return rule_source(self._functions, self._aws, config)
            case ScheduledEventConfig():
                return ClockSource(self._functions, self._aws, config, self._clock)
            case _:
                raise ValueError(f"the local stack cannot play {type(config).__name__}")


@click.command()
@click.option("--only", multiple=True, help="Serve this function; may be given more than once.")
@click.option("--except", "excluded", multiple=True, help="Do not serve this function; may be given more than once.")
def main(only: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """Serve the app's functions until SIGTERM."""
    stop, asked = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        asked.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    settings = Settings.from_environment(os.environ)
    aws = Aws(os.environ["AWS_ENDPOINT_URL"], region=settings.aws_region)
    app = load_app()
    pump = Pump(app, aws, names=(set(only) or source_names(app)) - set(excluded))
    print('{"ready": true}', flush=True)
    pump.run(stop)
    aws.close()
    if not asked.is_set():
        sys.exit("a source broke; its traceback is above")


if __name__ == "__main__":
    main()
