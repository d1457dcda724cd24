// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NoReturnToken
/// @notice A token whose transfer functions return nothing, as some old and widely held ones do.
contract NoReturnToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amountWei) external {
        balanceOf[to] += amountWei;
    }

    function approve(address spender, uint256 amountWei) external {
        allowance[msg.sender][spender] = amountWei;
    }

    function transfer(address to, uint256 amountWei) external {
        balanceOf[msg.sender] -= amountWei;
        balanceOf[to] += amountWei;
    }

    function transferFrom(address from, address to, uint256 amountWei) external {
        allowance[from][msg.sender] -= amountWei;
        balanceOf[from] -= amountWei;
        balanceOf[to] += amountWei;
    }
}
