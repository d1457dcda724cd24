// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @title ReentrantToken
/// @notice Makes one call of the tester's choice in the middle of the next transfer, and passes its failure on.
contract ReentrantToken is TestToken {
    address private _target;
    bytes private _data;

    function callOnTransfer(address target, bytes calldata data) external {
        _target = target;
        _data = data;
    }

    function _update(address from, address to, uint256 amountWei) internal override {
        address target = _target;
        if (from != address(0) && target != address(0)) {
            _target = address(0);
            (bool success, bytes memory result) = target.call(_data);
            if (!success) {
                assembly ("memory-safe") {
                    revert(add(result, 0x20), mload(result))
                }
            }
        }
        super._update(from, to, amountWei);
    }
}
