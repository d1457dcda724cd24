/** What the constraints of the federation's circuits are for, counted from their parameters. */
import { lookupCount } from "../prover/src/circuits/accuracy.ts";
import type { AggregateInstance } from "../prover/src/circuits/aggregate.ts";
import type { MaskedUpdateInstance } from "../prover/src/circuits/masked-update.ts";
import type { VectorSumInstance } from "../prover/src/circuits/vector-sum.ts";
import { vectorShape } from "../prover/src/federation/parameter-vector.ts";
import type { Architecture } from "../prover/src/model/architecture.ts";
import { chainRows, commitmentRows, type RowPart } from "./training-rows.ts";
