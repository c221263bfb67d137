import asyncio
import itertools

from bench.traffic.sampling import sampled


def test_a_figure_is_read_at_the_start_every_so_often_and_at_the_end() -> None:
    numbers = itertools.count()

    async def run() -> list[int]:
        async with sampled(lambda: next(numbers), 0.02) as samples:
            await asyncio.sleep(0.2)
            during = len(samples)
        assert 2 <= during == len(samples) - 1
        assert [sample.at_s for sample in samples] == sorted(sample.at_s for sample in samples)
        assert samples[-1].at_s >= 0.2
        await asyncio.sleep(0.05)
        return [sample.value for sample in samples]

    values = asyncio.run(run())
    assert values == list(range(len(values)))
    assert next(numbers) == len(values)
