"""Graphs that are large and otherwise harmless. 30,000 nodes work, 100,000 are refused, both within the limits."""
import numpy as np

from cases import BOOL, F, case, graph, model, node, ones, random, value

X = [value("x", F, [1, 4])]
Y = [value("y")]
MANY, TOO_MANY = 30000, 100000


def chain(op, count=MANY, more=(), **held):
    nodes = [node(op, [f"v{i}" if i else "x", *more], [f"v{i + 1}" if i + 1 < count else "y"]) for i in range(count)]
    return model(nodes, X, Y, held)


@case
def chains():
    backwards = chain("Sigmoid")
    nodes = list(backwards.graph.node)[::-1]
    del backwards.graph.node[:]
    backwards.graph.node.extend(nodes)
    return {"sigmoid": chain("Sigmoid"), "relu": chain("Relu"), "identity": chain("Identity"), "add": chain("Add", more=["w"], w=ones(1, 4)),
            "backwards": backwards, "matmul": chain("MatMul", 5000, ["w"], w=random(4, 4) / 4), "transpose": chain("Transpose", 5000)}


@case
def shapes():
    star = [node("Relu", ["x"], [f"v{i}"]) for i in range(MANY)]
    fan = [node("Sigmoid", ["x"], ["a"])] + [node("Add", ["a", f"w{i}"], [f"v{i}"]) for i in range(10000)]
    weights = {f"w{i}": np.full((1, 4), i, np.float32) for i in range(10000)}
    constants = [node("Constant", [], [f"c{i}"], value_float=float(i)) for i in range(15000)]
    sums = [node("Add", [f"s{i}" if i else "x", f"c{i}"], [f"s{i + 1}"]) for i in range(15000)]
    dead = [node("Exp", [f"d{i}" if i else "x"], [f"d{i + 1}"]) for i in range(MANY - 1)]
    yes = graph([node("Relu", ["x"], ["t"])], [], [value("t")])
    ifs = [node("If", ["c"], [f"v{i}"], then_branch=yes, else_branch=yes) for i in range(2000)]
    return {"star": model([*star, node("Sum", [f"v{i}" for i in range(MANY)], ["y"])], X, Y),
            "fan": model([*fan, node("Concat", [f"v{i}" for i in range(10000)], ["y"], axis=0)], X, Y, weights),
            "many_outputs": model(star[:2000], X, [value(f"v{i}") for i in range(2000)]),
            "many_inputs": model([node("Sum", [f"x{i}" for i in range(2000)], ["y"])], [value(f"x{i}", F, [1, 4]) for i in range(2000)], Y),
            "constants": model([*constants, *sums], X, [value("s15000")]), "dead": model([*dead, node("Relu", ["x"], ["y"])], X, Y),
            "ifs": model([*ifs, node("Sum", [f"v{i}" for i in range(2000)], ["y"])], X + [value("c", BOOL, [])], Y)}


@case
def too_many():
    wide = model([node("Sum", ["x"] * TOO_MANY * 2, ["y"])], X, Y)
    return {"relu": chain("Relu", TOO_MANY), "add": chain("Add", TOO_MANY, ["w"], w=ones(1, 4)), "matmul": chain("MatMul", TOO_MANY, ["w"], w=ones(4, 4)),
            "constants": model([node("Constant", [], [f"c{i}"], value_float=1.0) for i in range(TOO_MANY)] + [node("Relu", ["x"], ["y"])], X, Y), "wide": wide,
            "outputs": model([node("Relu", ["x"], [f"v{i}"]) for i in range(10000)], X, [value(f"v{i}") for i in range(10000)])}


@case
def names():
    long = "".join(f"n{i}" for i in range(20_000))
    return {"long": model([node("Relu", ["x"], [long], name=long), node("Neg", [long], ["y"])], X, Y),
            "long_output": model([node("Relu", ["x"], [long])], X, [value(long)]),
            "same": model([node("Relu", [f"v{i}" if i else "x"], [f"v{i + 1}"], name="same") for i in range(10000)], X, [value("v10000")]),
            "suffixes": model([node("Relu", ["x"], [f"v{'_1' * (i % 50)}_{i}"]) for i in range(10000)] +
                              [node("Sum", [f"v{'_1' * (i % 50)}_{i}" for i in range(10000)], ["y"])], X, Y)}
