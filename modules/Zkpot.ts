import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Declared phase-2 contributions a verifying key needs, unless a parameter says otherwise. */
const DEFAULT_MIN_CONTRIBUTIONS = 3;

/** Delay between an unbonding request and the withdrawal of stake: seven days. */
const DEFAULT_UNBONDING_SECONDS = 7 * 24 * 60 * 60;

/** Delay between an announcement of the market's owner and its execution: two days. */
const DEFAULT_TIMELOCK_SECONDS = 2 * 24 * 60 * 60;

/** Stands for everybody among the executors of a timelock. */
const ANYBODY = "0x0000000000000000000000000000000000000000";
/** The timelock's rules change through the timelock only. */
const NO_ADMIN = "0x0000000000000000000000000000000000000000";

/**
 * Deploys the circuit registry, the stake vault, the task market with a timelock as its owner, and the contracts that tasks
 * may name: the training audit, the auction, the draw, the test set seal; besides the committees and the federated rounds.
 *
 * Parameters: `allowDevelopmentKeys` (local chains only), `minContributions`, `unbondingSeconds`, `timelockSeconds`, and
 * `admin`, the account that proposes to the timelock and cancels there (the deployer unless given).
 */
export default buildModule("Zkpot", (m) => {
  const allowDevelopmentKeys = m.getParameter("allowDevelopmentKeys", false);
  const minContributions = m.getParameter("minContributions", DEFAULT_MIN_CONTRIBUTIONS);
  const unbondingSeconds = m.getParameter("unbondingSeconds", DEFAULT_UNBONDING_SECONDS);
  const timelockSeconds = m.getParameter("timelockSeconds", DEFAULT_TIMELOCK_SECONDS);
  const admin = m.getParameter("admin", m.getAccount(0));

  const circuitRegistry = m.contract("CircuitRegistry", [allowDevelopmentKeys, minContributions]);
  const stakeVault = m.contract("StakeVault", [unbondingSeconds]);
  const timelock = m.contract("TimelockController", [timelockSeconds, [admin], [ANYBODY], NO_ADMIN]);
  const taskPosting = m.library("TaskPosting");
  const taskMarket = m.contract("TaskMarket", [circuitRegistry, stakeVault, timelock], {
    libraries: { TaskPosting: taskPosting },
  });
  const trainingAudit = m.contract("TrainingAudit", [taskMarket]);
  const taskAuction = m.contract("TaskAuction", [taskMarket]);
  const taskDraw = m.contract("TaskDraw", [taskMarket]);
  const committeeDraw = m.contract("CommitteeDraw", [taskMarket]);
  const testSetSeal = m.contract("TestSetSeal", [taskMarket]);
  const federatedRounds = m.contract("FederatedRounds", [circuitRegistry, stakeVault], {
    libraries: { FederationCreation: m.library("FederationCreation"), RoundFlow: m.library("RoundFlow") },
  });

  return {
    circuitRegistry,
    stakeVault,
    timelock,
    taskMarket,
    trainingAudit,
    taskAuction,
    taskDraw,
    committeeDraw,
    testSetSeal,
    federatedRounds,
  };
});
