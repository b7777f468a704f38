// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";

/// A well-behaved ERC-20 with EIP-2612 permits that anyone may mint.
/// Name, symbol and decimals are immutables, so that the runtime code alone is the whole token and works at any address.
contract Token is ERC20, ERC20Permit {
    using ShortStrings for *;

    ShortString private immutable _shortSymbol;
    uint8 private immutable _places;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20("", "") ERC20Permit(name_) {
        _shortSymbol = symbol_.toShortString();
        _places = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function name() public view override returns (string memory) {
        return _EIP712Name();
    }

    function symbol() public view override returns (string memory) {
        return _shortSymbol.toString();
    }

    function decimals() public view override returns (uint8) {
        return _places;
    }
}
