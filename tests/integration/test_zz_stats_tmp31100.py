import sys, os; sys.path.insert(0,'/tmp/model')
import conftest_stats as c
from hypothesis import Phase, settings
from functools import partial
from hypothesis.stateful import run_state_machine_as_test
import tests.integration.test_dispatch_model as m
from tests.integration.test_dispatch_model import mundo
def test_it(mundo):
    phases=[Phase.generate]+([Phase.shrink] if os.environ.get('SHRINK') else [])
    kw=dict(max_examples=int(os.environ.get('N','25')), stateful_step_count=int(os.environ.get('STEPS','40')), phases=phases)
    if os.environ.get('RANDOM_'): kw|=dict(derandomize=False)
    try: run_state_machine_as_test(partial(m.Disparar, mundo), settings=settings(**kw))
    finally: c.show()
