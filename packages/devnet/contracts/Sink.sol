// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// Takes any payment with any data, until it is told to refuse. A contract that gets money, for tests of sends that revert.
contract Sink {
    event Received(address indexed from, uint256 value, bytes data);

    error Refused();

    bool public refuses;

    function setRefuses(bool next) external {
        refuses = next;
    }

    receive() external payable {
        _take();
    }

    fallback() external payable {
        _take();
    }

    function _take() private {
        if (refuses) revert Refused();
        emit Received(msg.sender, msg.value, msg.data);
    }
}
