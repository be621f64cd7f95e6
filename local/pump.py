"""Calls the app's functions as AWS would. Everything it needs is read from the declarations in `app.py`.

* `@app.on_sqs_message`: polls the queue and deletes the messages of a successful call. After a failed call, the queue
  delivers them again when their visibility timeout is over, and moves them to the dead letters after too many receives.
* `@app.on_s3_event` and `@app.on_cw_event`: the bucket's notification, or the bus's rule, puts its events on a private
  queue. A failed call is repeated twice, as Lambda does with an asynchronous call.
* `@app.schedule`: calls the function when its time has come.
* EventBridge Scheduler: moto stores one-time schedules; when one is due, its input is sent to its queue.

`python -m local.pump [--only NAME] [--except NAME]` works until SIGTERM, and ends after the calls that are running. A
name is a function's, or `scheduler`. In tests, `Pump(app, aws, clock).drain()` delivers until nothing is deliverable.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator

import click
from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, CloudWatchEventConfig, S3EventConfig, ScheduledEventConfig, SQSEventConfig

from chalicelib.adapters.clock import clock_of, system_clock
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


def log_failure(name: str, error: Exception) -> None:
    """Log which function raised which kind of error, and where. Never its text: that may hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace else "?"  # noqa: PTH119
    logger.error("function_failed", extra={"function": name, "kind": type(error).__name__, "where": where})


def source_names(app: Chalice) -> set[str]:
    """Return the names that a pump of the app can serve: the functions with an event source, and the scheduler."""
    return {config.name for config in app.event_sources} | {OneTimeSchedules.name}


class Pump:
    """Delivers events to an app's functions, all or some of them."""

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
        """Deliver all that is deliverable now, and what follows from it; return the number of attempted deliveries."""
        total = 0
        while moved := sum(source.deliver(wait_s=0) for source in self.sources):
            total += moved
        return total

    def run(self, stop: threading.Event) -> None:
        """Deliver events as they come, with one thread per source, until `stop`; calls that are running then finish.

        Clocks strike at once, so that work that was missed while the stack was down does not wait for the first minute.
        A source that breaks stops the others too: half a pump would be taken for a whole one.
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
        """Let a source deliver; return how long to pause it then, in seconds."""
        try:
            return 0.0 if source.deliver(_POLL_S) else source.idle_s
        except (BotoCoreError, ClientError) as error:
            # AWS is down or restarting; messages that were not deleted will be delivered again.
            self._on_failure(source.name, error)
            return _AWAY_S

    def _chosen(self, names: Collection[str] | None) -> Iterator[Source]:
        known = source_names(self._app)
        wanted = known if names is None else set(names)
        if unknown := wanted - known:
            raise ValueError(f"no such source: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        yield from (self._source_of(config) for config in self._app.event_sources if config.name in wanted)
        if OneTimeSchedules.name in wanted:
            yield OneTimeSchedules(self._aws, self._clock, self._on_failure)

    def _source_of(self, config: object) -> Source:
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
                raise ValueError(f"the local stack has no source for {type(config).__name__}")


@click.command()
@click.option("--only", multiple=True, help="Serve this function; may be given more than once.")
@click.option("--except", "excluded", multiple=True, help="Do not serve this function; may be given more than once.")
def main(only: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """Serve the app's functions until SIGTERM."""
    stop, is_asked = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        is_asked.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    settings = Settings.from_environment(os.environ)
    aws = Aws(os.environ["AWS_ENDPOINT_URL"], region=settings.aws_region)
    app = load_app()
    clock = clock_of(settings.clock_file)
    pump = Pump(app, aws, clock, names=(set(only) or source_names(app)) - set(excluded))
    print('{"ready": true}', flush=True)
    pump.run(stop)
    aws.close()
    if not is_asked.is_set():
        sys.exit("a source broke; its traceback is above")


if __name__ == "__main__":
    main()
