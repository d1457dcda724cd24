// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PuppetAccount
/// @notice A contract account: it makes the calls it is told to, and does as told when it receives native coin.
contract PuppetAccount {
    enum OnReceive {
        Accept,
        Reject,
        Reenter
    }

    error PuppetAccountRejected(uint256 amountWei);

    OnReceive public onReceive;
    /// @notice Whether the call made on receiving coin succeeded, and what it returned.
    bool public reentrySucceeded;
    bytes public reentryResult;

    address private _target;
    bytes private _data;

    receive() external payable {
        if (onReceive == OnReceive.Reject) revert PuppetAccountRejected(msg.value);
        if (onReceive == OnReceive.Reenter) (reentrySucceeded, reentryResult) = _target.call(_data);
    }

    function setOnReceive(OnReceive onReceive_, address target, bytes calldata data) external {
        onReceive = onReceive_;
        _target = target;
        _data = data;
    }

    function execute(
        address target,
        uint256 amountWei,
        bytes calldata data
    ) external payable returns (bytes memory result) {
        bool success;
        (success, result) = target.call{value: amountWei}(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}
