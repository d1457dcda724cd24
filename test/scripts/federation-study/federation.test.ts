/** Federations of the study, with data, members and chance of one seed. */
import { expect } from "chai";

import type { IntegerModel } from "../../../prover/src/model/integer-model.ts";
import {
  type Behaviour,
  cautious,
  freeRider,
  heedlessPoisoner,
  hillClimber,
  honest,
  poisoner,
  POISONS,
  testSetLearner,
  type View,
} from "../../../scripts/federation-study/behaviours.ts";
import { playFederation } from "../../../scripts/federation-study/federation.ts";
import {
  allScenarios,
  CHOICES,
  keyOf,
  playScenario,
  PROBES,
  RULES,
  SYSTEMS,
  tolerating,
  TOLERANCES,
  TRAINING,
} from "../../../scripts/federation-study/robustness.ts";
import { joinSamples, withFlippedLabels, withTrigger } from "../../../scripts/federation-study/samples.ts";
import {
  type Digits,
  loadDigits,
  robustnessSetting,
  type Setting,
  TARGET_CLASS,
  TRIGGER_PIXELS,
  triggered,
} from "../../../scripts/federation-study/setting.ts";
import { trainQuickly } from "../../../scripts/federation-study/quick-training.ts";
import { INTEGER } from "../../../scripts/federation-study/systems.ts";

const SEED = "test";

describe("The federation study", function () {
  this.timeout(120_000);
  let digits: Digits;
  let setting: Setting;
  before(async () => {
    digits = await loadDigits();
    setting = robustnessSetting(digits, SEED);
  });

  /** What member 3 knows once the global model is fairly good. */
  function view(floor: number | undefined): View<IntegerModel> {
    const global = trainQuickly(setting.start, joinSamples(setting.parts), TRAINING, SEED);
    return {
      arithmetic: INTEGER,
      global: INTEGER.decode(INTEGER.encode(global)),
      samples: setting.parts[3]!,
      training: TRAINING,
      seed: SEED,
      test: setting.test,
      triggeredTest: triggered(setting.test),
      floor,
      expectedShare: 0.25,
    };
  }

  function countOf(behaviour: Behaviour, floor: number | undefined): number | undefined {
    const model = behaviour(view(floor));
    return model && INTEGER.countOf(model, setting.test);
  }

  it("deals 1,077 digits out to seven members, none of them for testing", () => {
    const sizes = setting.parts.map(({ sampleCount }) => sampleCount);
    expect(sizes).to.deep.equal([45, 90, 135, 135, 179, 224, 269]);
    expect([setting.test, setting.heldOut].map(({ float }) => float.sampleCount)).to.deep.equal([360, 360]);
    const rows = [...setting.parts, setting.test.float, setting.heldOut.float].flatMap(
      ({ features, featureCount, sampleCount }) =>
        Array.from({ length: sampleCount }, (_, sample) =>
          features.subarray(sample * featureCount, (sample + 1) * featureCount).join(),
        ),
    );
    // As many different digits as the data set has.
    expect(new Set(rows).size).to.equal(rows.length);
    expect(rows.length).to.equal(1_797);
  });

  it("puts the trigger on digits of other classes than the target", () => {
    const { integer } = triggered(setting.test);
    expect([...integer.labels]).not.to.include(TARGET_CLASS);
    for (const pixel of TRIGGER_PIXELS) {
      expect(integer.features[pixel]).to.equal(15);
      expect(withTrigger(setting.parts[0]!).features[pixel]).to.equal(1);
    }
    expect(withFlippedLabels(setting.test.float).labels[0]).to.equal(9 - setting.test.float.labels[0]!);
  });

  it("has poisoners that pass the floor as long as anything does, and refused ones that do not look", () => {
    const base = INTEGER.countOf(INTEGER.encode(view(undefined).global), setting.test)!;
    expect(base).to.be.greaterThan(300);
    for (const poison of Object.values(POISONS)) {
      const floor = base - 60;
      expect(countOf(poisoner(poison), floor)).to.be.at.least(floor);
      const heedless = countOf(heedlessPoisoner(poison), base - 20);
      expect(heedless === undefined || heedless < base - 20).to.equal(true);
    }
    expect(countOf(poisoner(POISONS["sign-flipped"]), base - 60)).to.be.lessThan(base);
    expect(countOf(poisoner(POISONS["label-flipped"]), 361)).to.equal(undefined);
  });

  it("has riders that follow the global model, climb from it or learn the test set", () => {
    const base = INTEGER.countOf(INTEGER.encode(view(undefined).global), setting.test)!;
    expect(countOf(freeRider, undefined)).to.equal(base);
    expect(countOf(hillClimber, undefined)).to.be.greaterThan(base);
    expect(countOf(testSetLearner, undefined)).to.be.greaterThan(countOf(honest, undefined)! + 10);
  });

  it("has cautious members that halve their updates until they pass", () => {
    const plain = countOf(honest, undefined)!;
    expect(countOf(cautious, plain)).to.equal(plain);
    expect(countOf(cautious, plain + 1)).to.be.at.least(plain + 1);
    expect(countOf(cautious, 361)).to.equal(undefined);
  });

  it("shows one sign-flipper to ruin plain averaging and not a round by the rules", () => {
    const [none, plain, rules] = (
      [
        { system: "protocol", attack: "none", deviators: 0 },
        { system: "FedAvg", attack: "sign-flipped", deviators: 1 },
        { system: "protocol", attack: "sign-flipped", deviators: 1, isStartTrained: true },
      ] as const
    ).map((scenario) => playScenario(digits, SEED, scenario));
    expect(none!.accuracy).to.be.greaterThan(0.9);
    expect(plain!.accuracy).to.be.lessThan(0.3);
    expect(rules!.accuracy).to.be.greaterThan(0.85);
    expect(rules!.earnings.reduce((sum, part) => sum + part, 0)).to.be.closeTo(1, 1e-9);
  });

  it("abandons rounds that fewer than three models pass, and keeps the global model", () => {
    const absent: Behaviour = () => undefined;
    const members = setting.parts.map((_, member) => ({
      behaviour: member < 2 ? honest : absent,
      isHonest: true,
    }));
    const outcomes = playFederation(INTEGER, {
      setting,
      members,
      training: TRAINING,
      rounds: 2,
      rules: RULES,
    });
    const start = INTEGER.countOf(INTEGER.encode(setting.start), setting.test);
    for (const { isAbandoned, correct, rewards } of outcomes) {
      expect(isAbandoned).to.equal(true);
      expect(correct).to.equal(start);
      expect(rewards).to.deep.equal(members.map(() => 0));
    }
  });

  it("plays every scenario that a table asks for, and none twice", () => {
    const keys = allScenarios().map(keyOf);
    expect(new Set(keys).size).to.equal(keys.length);
    const choices = [...TOLERANCES.map(tolerating), ...CHOICES.map(({ choice }) => choice)];
    const asked = choices.flatMap((choice) => PROBES.map((probe) => keyOf({ ...probe, ...choice })));
    expect(keys).to.include.members(asked);
    for (const { system } of SYSTEMS) {
      expect(keys).to.include(keyOf({ ...system, attack: "backdoor", deviators: 2 }));
    }
  });
});
