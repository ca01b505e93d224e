"""The figures of a run as a table in Markdown and as a plot in SVG."""

import math
import statistics
import xml.sax.saxutils

from workloads import PLACEMENTS, WORKLOADS

BEGIN = '<!-- What follows is written by tests/benchmarks/run.sh. -->'
END = '<!-- Here ends what is written by tests/benchmarks/run.sh. -->'
UNITS = {'s': 1, 'us': 1e6, 'ns': 1e9}
NAMES = {'s': 's', 'us': 'µs', 'ns': 'ns'}


def name_of(variant):
    return f'{variant.client}/{variant.name}'


def each(result):
    return result['seconds'] / result['count']


def ratios(results, workload, placement, variant):
    """The variant's ratios to the base, round by round."""
    of = results[workload.key][placement]
    base = of[name_of(workload.variants[0])]
    return [each(mine) / each(one) for mine, one in zip(of.get(name_of(variant), []), base)]


def number(value):
    """Three digits, or none behind the point where there are three before it."""
    if value >= 99.5:
        return f'{value:,.0f}'
    return f'{value:.{2 if value < 9.995 else 1}f}'


def present(results):
    """The workloads and variants that were measured."""
    for workload in WORKLOADS:
        if workload.key in results:
            measured = next(iter(results[workload.key].values()))
            yield workload, [variant for variant in workload.variants if name_of(variant) in measured]


def missed(results):
    """Goals that were not met, and how many there are."""
    count, misses = 0, []
    for workload, variants in present(results):
        for variant in variants:
            for placement, goal in variant.goal.items():
                if placement not in results[workload.key]:
                    continue
                count += 1
                median = statistics.median(ratios(results, workload, placement, variant))
                if round(median, 2) > goal:
                    misses.append(f'{workload.key}, {variant.label}, {PLACEMENTS[placement]}: '
                                  f'{number(median)} where {goal} is the goal')
    return misses, count


def rows(results, workload, variants):
    placements = list(results[workload.key])
    head = ['']
    for placement in placements:
        head += [PLACEMENTS[placement], NAMES[workload.unit]]
    extras = []
    if workload.memory:
        extras.append(('memory, MiB', 'memory_kib', lambda kib: f'{kib / 1024:.1f}'))
    if workload.check == 'compile':
        extras.append(('lines, C++20', 'lines', lambda lines: f'{lines:,.0f}'))
    goals = any(variant.goal for variant in variants)
    head += [title for title, _, _ in extras] + (['goal'] if goals else [])
    yield head
    for variant in variants:
        row = [variant.label.replace('<', '`<').replace('>', '>`', 1) if '<' in variant.label else variant.label]
        for placement in placements:
            values = ratios(results, workload, placement, variant)
            median = statistics.median(values)
            text = number(median)
            if variant.goal.get(placement, math.inf) < round(median, 2):
                text = f'**{text}**'
            if variant is not workload.variants[0] and len(values) > 1:
                text += f' ({number(min(values))}–{number(max(values))})'
            took = statistics.median(each(one) for one in results[workload.key][placement][name_of(variant)])
            row += [text, number(took * UNITS[workload.unit])]
        first = results[workload.key][placements[0]][name_of(variant)]
        for _, key, show in extras:
            row.append('' if variant.share > 1 else show(statistics.median(one[key] for one in first)))
        if goals:
            row.append(' / '.join(f'{goal:g}' for goal in variant.goal.values()))
        yield row


def table(run):
    """All figures in Markdown."""
    facts, results = run['facts'], run['results']
    clients = ', '.join(facts['clients'].values())
    text = [f'{facts["system"]}; {facts["machine"]}; {facts["server"]}; {facts["libpq"]}; {facts["compiler"]}; '
            f'{clients}. Rounds: {facts["rounds"]}.']
    if facts['busy'] > 0.1:
        text.append(f'**The machine was busy**: others used up to {facts["busy"]:.0%} of it. These figures are a '
                    'rough guide only.')
    misses, count = missed(results)
    if count:
        text.append(f'Goals met: {count - len(misses)} of {count}.' + (' Not met:' if misses else ''))
        text.append('\n'.join(f'- {miss}' for miss in misses))
    for workload, variants in present(results):
        head, *body = rows(results, workload, variants)
        text.append(f'### {workload.key}: {workload.title}')
        text.append('\n'.join([f'| {" | ".join(head)} |', f'| --- |{" ---: |" * (len(head) - 1)}',
                               *(f'| {" | ".join(row)} |' for row in body)]))
    return '\n\n'.join(part for part in text if part) + '\n'


# The plot: a panel per workload, a row per variant, a bar per placement, all on one logarithmic scale.
LEFT, RIGHT, TOP, WIDE = 250, 60, 56, 820
BAR, GAP, ROW_GAP, PANEL_GAP = 9, 1, 7, 44
MOST = 64  # longer bars are cut off here
COLOURS = ['#1f5f8b', '#e08e2b', '#5b9f49']
PQSCOPE_BACKGROUND = '#eef3f8'


def plot(run):
    """The ratios as horizontal bars, the goals marked."""
    results = run['results']
    panels = []
    for workload, variants in present(results):
        placements = list(results[workload.key])
        lines = [(variant, [(placement, statistics.median(ratios(results, workload, placement, variant)))
                            for placement in placements]) for variant in variants]
        panels.append((workload, placements, lines))
    every = [value for _, _, lines in panels for _, bars in lines for _, value in bars]
    least = 2.0 ** math.floor(math.log2(min(every)))
    most = min(MOST, 2.0 ** math.ceil(math.log2(max(every))))
    scale = (WIDE - LEFT - RIGHT) / (math.log2(most) - math.log2(least))

    def x(value):
        return LEFT + (math.log2(min(value, most)) - math.log2(least)) * scale

    def escaped(text):
        return xml.sax.saxutils.escape(text)

    body = []
    y = TOP
    for workload, placements, lines in panels:
        body.append(f'<text x="8" y="{y}" class="title">{workload.key}: {escaped(workload.title)}</text>')
        at = 8
        y += 15
        for index, placement in enumerate(placements):
            body.append(f'<rect x="{at}" y="{y - 8}" width="9" height="9" fill="{COLOURS[index]}"/>'
                        f'<text x="{at + 13}" y="{y}">{escaped(PLACEMENTS[placement])}</text>')
            at += 110
        y += 10
        top = y
        panel = []
        for variant, bars in lines:
            height = len(bars) * (BAR + GAP)
            if variant.client == 'pqscope' or variant.name.startswith('pqscope'):
                body.append(f'<rect x="4" y="{y - 2}" width="{WIDE - 8}" height="{height + 3}" '
                            f'fill="{PQSCOPE_BACKGROUND}"/>')
            panel.append(f'<text x="{LEFT - 8}" y="{y + height / 2 + 3:.1f}" text-anchor="end">'
                         f'{escaped(variant.label)}</text>')
            for index, (placement, value) in enumerate(bars):
                # From the base's 1 to the value, or the other way round.
                left, right = sorted((x(1), x(value)))
                panel.append(f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 1.5):.1f}" height="{BAR}" '
                             f'fill="{COLOURS[index]}"/>')
                goal = x(variant.goal.get(placement, 1))
                panel.append(f'<text x="{max(right, x(1), goal) + 4:.1f}" y="{y + BAR - 1}" class="value">'
                             f'{number(value)}</text>')
                if placement in variant.goal:
                    panel.append(f'<path d="M{goal:.1f} {y - 1}v{BAR + 2}" class="goal"/>')
                y += BAR + GAP
            y += ROW_GAP
        tick = least
        while tick <= most:
            body.append(f'<path d="M{x(tick):.1f} {top - 3}V{y}" class="{"one" if tick == 1 else "tick"}"/>')
            if math.log2(tick) % 2 == 0:
                body.append(f'<text x="{x(tick):.1f}" y="{y + 9}" class="value" text-anchor="middle">'
                            f'{tick:g}</text>')
            tick *= 2
        body += panel
        y += PANEL_GAP
    return f'''<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{y}" viewBox="0 0 {WIDE} {y}">
<style>
text {{ font: 11px sans-serif; fill: #222; }}
.heading {{ font-size: 14px; font-weight: bold; }}
.title {{ font-size: 12px; font-weight: bold; }}
.value {{ font-size: 9px; fill: #555; }}
.tick {{ stroke: #ddd; fill: none; }}
.one {{ stroke: #888; fill: none; }}
.goal {{ stroke: #c00; stroke-width: 2; fill: none; }}
</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="20" class="heading">Time as a multiple of the first line's, mostly libpq by hand</text>
<text x="8" y="36">Logarithmic; less is better. A red mark is a goal.</text>
''' + '\n'.join(body) + '\n</svg>\n'


def renew(folder, new_table, new_plot):
    """Puts new figures into the page, between the markers, and the plot beside it."""
    page = folder / 'benchmarks.md'
    text = page.read_text()
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    page.write_text(f'{before}{BEGIN}\n\n{new_table}\n{END}{after}')
    (folder / 'benchmarks.svg').write_text(new_plot)
