// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// The smallest useful target of an EIP-7702 delegation: the account itself, and nobody else, runs a batch of calls
/// that succeed or fail together.
contract BatchDelegate {
    struct Call {
        address to;
        uint256 value;
        bytes data;
    }

    error OnlyTheAccount();
    error CallFailed(uint256 index, bytes reason);

    function execute(Call[] calldata calls) external payable {
        if (msg.sender != address(this)) revert OnlyTheAccount();
        for (uint256 i = 0; i < calls.length; i++) {
            (bool ok, bytes memory reason) = calls[i].to.call{value: calls[i].value}(calls[i].data);
            if (!ok) revert CallFailed(i, reason);
        }
    }

    receive() external payable {}
}
